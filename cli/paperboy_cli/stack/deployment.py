"""The template deployed to AWS: built, proposed as a change set, and carried out while its progress is told."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from paperboy_cli.errors import PaperboyError
from paperboy_cli.project import sam
from paperboy_cli.project.folder import ROOT, write_json
from paperboy_cli.stack.cloud import Cloud
from paperboy_cli.stack.host import Stack, StackDescription

POLL_SECONDS = 2.0
PAPERBOYS_OUTPUTS = {"Table", "Bucket", "Ingest"}
"""Outputs that a stack of Paperboy's has had in every version."""
FAILED_CREATION = "ROLLBACK_COMPLETE"
"""The status of a stack whose creation failed: nothing is left of it but its name, and it takes no change."""
KEEPING_KINDS = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue"}
"""The types of resources that keep something."""
CANCELLED = "cancelled"
"""In the reason of what only failed because something else had."""


@dataclass(frozen=True)
class Change:
    """What a deployment does to one resource of a stack."""

    action: str
    """Add, Modify or Remove; others are rare."""
    resource: str
    kind: str
    """The resource's type, such as AWS::DynamoDB::Table."""
    replaces: bool
    """Whether a new resource takes its place."""

    @property
    def loses(self) -> bool:
        """Whether what the resource holds is not in the one that takes its place."""
        return self.replaces and self.kind in KEEPING_KINDS


@dataclass(frozen=True)
class Proposal:
    """A change set: what a deployment would do, and nothing is done yet."""

    id: str
    changes: tuple[Change, ...]
    parameters: dict[str, tuple[str | None, str]]
    """The parameters whose values change: before (None where there was none) and after."""


@dataclass(frozen=True)
class Deployment:
    """A stack that is to be created or updated in an account of AWS."""

    cloud: Cloud
    stack: Stack
    home: Path
    """The folder that the build and SAM CLI's logs lie in."""

    @cached_property
    def _cloudformation(self) -> Any:
        return self.cloud.client("cloudformation")

    def before(self) -> StackDescription | None:
        """The stack as it stands; None where it does not, or was only ever proposed, or failed at its creation.

        Raises PaperboyError where it is none of Paperboy's, or is in no state to be changed.
        """
        answer = self._answer()
        if answer is None or answer["StackStatus"] in ("REVIEW_IN_PROGRESS", FAILED_CREATION):
            return None
        status, description = answer["StackStatus"], StackDescription.of(answer)
        if status.endswith("_IN_PROGRESS"):
            raise PaperboyError(f"the stack {self.stack.name} is {status}: run this again when that is done.")
        if not status.endswith("_COMPLETE"):
            raise PaperboyError(
                f"the stack {self.stack.name} is {status} and takes no change: the CloudFormation console shows why,"
                " and has the way on (continue the rollback, or delete it)."
            )
        if not description.outputs.keys() >= PAPERBOYS_OUTPUTS:
            raise PaperboyError(f"the stack {self.stack.name} is none of Paperboy's: choose another name with --stack.")
        return description

    def build(self) -> bool:
        """`sam build` for Lambda. Returns whether anything had changed."""
        return sam.build(self.home, os.environ)

    def propose(self, parameters: Mapping[str, str]) -> Proposal | None:
        """`sam deploy` up to the change set, with every parameter of the template; None where nothing would change.

        A parameter that is left out would keep its old value, also where that was only the default of its day.
        """
        if (answer := self._answer()) and answer["StackStatus"] == FAILED_CREATION:
            self._delete()
        before = self.before()
        proposed_before = self._newest_change_set()
        values = self.home / "parameters.yaml"
        write_json(values, dict(parameters))
        try:
            sam.run_sam(
                self.home,
                *("deploy", "--template-file", str(self.home / "build" / "template.yaml")),
                *("--stack-name", self.stack.name, "--s3-prefix", self.stack.name, *self._where()),
                *("--config-file", str(ROOT / "samconfig.toml"), "--parameter-overrides", f"file://{values}"),
                *("--no-confirm-changeset", "--no-execute-changeset", "--no-progressbar"),
                environment=os.environ,
            )
        finally:
            values.unlink()  # it may hold a prefix that nobody is to guess
        newest = self._newest_change_set()
        if newest is None or newest == proposed_before:
            return None
        old = before.parameters if before else {}
        changed = {name: (old.get(name), value) for name, value in parameters.items() if old.get(name) != value}
        return Proposal(newest, tuple(self._changes(newest)), changed)

    def discard(self, proposal: Proposal) -> None:
        """Do nothing of a proposal: the change set goes, and with it the stack that it would have created."""
        if self.before() is None:
            self._delete()
        else:
            self._cloudformation.delete_change_set(ChangeSetName=proposal.id)

    def carry_out(self, proposal: Proposal, tell: Callable[[str], object]) -> None:
        """Do what was proposed and wait for its end, while `tell` hears how far it is.

        Raises PaperboyError with what failed first, in AWS's own words.
        """
        events_before = {each["EventId"] for each in self._events()}
        self._cloudformation.execute_change_set(ChangeSetName=proposal.id)
        while True:
            # The events first: a status of before is told apart from that of the end by their being there.
            events = [each for each in self._events() if each["EventId"] not in events_before]
            answer = self._answer()
            status = answer["StackStatus"] if answer else "DELETE_COMPLETE"
            if events and not status.endswith("_IN_PROGRESS"):
                break
            done = {each["LogicalResourceId"] for each in events if each["ResourceStatus"].endswith("_COMPLETE")}
            tell(f"{len(done & {change.resource for change in proposal.changes})} of {len(proposal.changes)} resources")
            time.sleep(self.cloud.poll_seconds)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise PaperboyError(f"{self._failure(events)} AWS has taken the changes back ({status}).")

    def _where(self) -> list[str]:
        """The options with which SAM CLI goes where the command does."""
        profile = ["--profile", self.cloud.profile] if self.cloud.profile else []
        return ["--region", str(self.cloud.session.region_name), *profile]

    def _answer(self) -> Any:
        """CloudFormation's description of the stack, or None."""
        try:
            return self._cloudformation.describe_stacks(StackName=self.stack.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            return None

    def _newest_change_set(self) -> str | None:
        """The id of the stack's newest change set that can be carried out."""
        if self._answer() is None:
            return None
        pages = self._cloudformation.get_paginator("list_change_sets").paginate(StackName=self.stack.name)
        sets = [each for page in pages for each in page["Summaries"] if each["ExecutionStatus"] == "AVAILABLE"]
        newest = max(sets, key=lambda each: each["CreationTime"], default=None)
        return newest["ChangeSetId"] if newest else None

    def _changes(self, change_set: str) -> list[Change]:
        pages = self._cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
        resources = [each["ResourceChange"] for page in pages for each in page["Changes"]]
        return [
            Change(
                action=each["Action"],
                resource=each["LogicalResourceId"],
                kind=each["ResourceType"],
                replaces=each.get("Replacement") == "True",
            )
            for each in resources
        ]

    def _events(self) -> list[Any]:
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=self.stack.name)
        return [event for page in pages for event in page["StackEvents"]]

    def _failure(self, events: list[Any]) -> str:
        """What failed first, in AWS's own words."""
        failed = [each for each in reversed(events) if each["ResourceStatus"].endswith("_FAILED")]
        for each in failed:
            reason = " ".join(each.get("ResourceStatusReason", "").split())
            if reason and CANCELLED not in reason:
                return f"AWS refused {each['LogicalResourceId']}: {reason.rstrip('.')}."
        return f"the stack {self.stack.name} could not be deployed; the CloudFormation console has its events."

    def _delete(self) -> None:
        """Delete a stack that has nothing but its name, and wait until it is gone."""
        self._cloudformation.delete_stack(StackName=self.stack.name)
        self._cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=self.stack.name, WaiterConfig={"Delay": POLL_SECONDS}
        )


def account_blocks_public_access(cloud: Cloud, account: str) -> bool | None:
    """Whether the account keeps all of its buckets from public access; None where that cannot be found out."""
    try:
        answer = cloud.client("s3control").get_public_access_block(AccountId=account)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        return False if code == "NoSuchPublicAccessBlockConfiguration" else None
    except BotoCoreError:
        return None
    block = answer["PublicAccessBlockConfiguration"]
    return bool(block["BlockPublicPolicy"] or block["RestrictPublicBuckets"])
