"""Where a stack is: what the command has to know of a place to speak to a stack there."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

    from paperboy_cli.local import Stack


OUTPUTS = {"Table", "Bucket", "Pages", "Access", "Ingest", "AskedInVain", "Failures"}
"""What the command needs of a stack's outputs."""


@dataclass(frozen=True)
class Found:
    """A deployed stack, as CloudFormation describes it."""

    outputs: Mapping[str, str]
    """Such as its table and bucket, by name."""
    parameters: Mapping[str, str]

    @classmethod
    def of(cls, described: Any) -> Found:
        """What `DescribeStacks` says of a stack."""
        return cls(
            outputs={each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])},
            parameters={each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])},
        )


class Place(Protocol):
    """This machine (`local.Local`) or an AWS account (`cloud.Cloud`)."""

    @property
    def look_every(self) -> float:
        """Seconds between two looks at a day's records."""

    @property
    def logs(self) -> str:
        """Where the functions' logs are, in words."""

    @property
    def source_hint(self) -> str:
        """What to do where the source of listings fails: a sentence."""

    @property
    def stays(self) -> str:
        """What becomes of the stack when the command ends before its work: a sentence."""

    @property
    def session(self) -> boto3.Session:
        """Whose credentials are used, and in which region."""

    def options(self, stack: Stack) -> str:
        """What to write behind `paperboy run` for this stack, with a space before it."""

    def client(self, service: Any, config: Config | None = None) -> Any:
        """A client of the place's `service`."""

    def resource(self, service: Any) -> Any:
        """A resource of the place's `service`."""

    def find(self, stack: Stack) -> Found:
        """The stack. Raises PaperboyError where it is not there."""

    def explained(self) -> AbstractContextManager[None]:
        """Have what the place refuses in here said in a sentence: raises PaperboyError."""


def function_name(place: Place, stack: Stack, function: str) -> str:
    """The deployed name of a function of the template."""
    cloudformation = place.client("cloudformation")
    detail = cloudformation.describe_stack_resource(StackName=stack.name, LogicalResourceId=function)
    name: str = detail["StackResourceDetail"]["PhysicalResourceId"]
    return name
