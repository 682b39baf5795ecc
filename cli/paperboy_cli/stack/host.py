"""Stacks, and what the command has to know of the host that one is at."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

FAILURE_QUEUES = ("SummaryDeadLetterQueue", "FailureQueue")
"""Outputs of a stack: the queues for what failed for good."""
OUTPUTS = {"Table", "Bucket", "Pages", "Access", "Ingest", "Render", "Catalog", "Announce", *FAILURE_QUEUES}
"""What the command needs of a stack's outputs."""


@dataclass(frozen=True)
class Stack:
    """A deployment of the template, by its name."""

    name: str
    sample: bool
    """Whether it replays the recorded sample days."""


@dataclass(frozen=True)
class StackDescription:
    """What CloudFormation says of a deployed stack."""

    outputs: Mapping[str, str]
    """Such as its table and bucket, by name."""
    parameters: Mapping[str, str]

    @classmethod
    def of(cls, answer: Any) -> StackDescription:
        """The description in an item of a `DescribeStacks` answer."""
        return cls(
            outputs={each["OutputKey"]: each["OutputValue"] for each in answer.get("Outputs", [])},
            parameters={each["ParameterKey"]: each["ParameterValue"] for each in answer.get("Parameters", [])},
        )

    @property
    def is_whole(self) -> bool:
        """Whether it has all of OUTPUTS: it is Paperboy's, of this version, and was deployed to the end."""
        return self.outputs.keys() >= OUTPUTS

    @property
    def pages(self) -> tuple[str, str]:
        """The bucket of the pages, and the prefix of their keys in it; `""` where there is none."""
        pages = urlsplit(self.outputs["Pages"])
        return pages.netloc, pages.path.strip("/")


class Host(Protocol):
    """Where stacks are: this machine (`local.emulator.Local`) or an AWS account (`stack.cloud.Cloud`)."""

    @property
    def poll_seconds(self) -> float:
        """Seconds between two readings of a day's records."""

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
        """A client of the host's `service`."""

    def describe(self, stack: Stack) -> StackDescription:
        """The stack's description. Raises PaperboyError where it is not there, or not Paperboy's."""

    def explained(self) -> AbstractContextManager[None]:
        """Have what the host refuses in here said in a sentence: raises PaperboyError."""
