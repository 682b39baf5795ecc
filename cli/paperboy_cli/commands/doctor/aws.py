"""What is looked at of a stack in AWS, with the user's own credentials."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from paperboy_cli.commands.doctor.diagnosis import (
    Diagnosis,
    Probe,
    bad,
    good,
    look_at_clock,
    look_at_model,
    look_at_source,
    unknown,
)
from paperboy_cli.stack.cloud import Cloud
from paperboy_cli.stack.deployed import Deployed
from paperboy_cli.stack.deployment import account_blocks_public_access
from paperboy_cli.stack.host import Stack
from paperboy_cli.stack.keys import parameter_name

OTHER_FUNCTIONS = 3
"""Functions that run beside summarize's invocations: ingest, score and render."""
PROFILE_PREFIX = r"^(us|us-gov|eu|apac|jp|au|ca|global)\."
"""What the id of an inference profile has before the model's."""
PUBLIC_ACCESS_REMEDY = (
    "Switch it off (S3 console, Block Public Access settings for this account), or deploy with --set Access=private."
)


@dataclass(frozen=True)
class AwsProbes:
    """What is looked at of one stack."""

    cloud: Cloud
    stack: Stack

    def all(self) -> dict[str, Probe]:
        """The probes of a stack that is there, and whose credentials are let in; `entrance` looks at that first."""
        return {
            "clock": self.clock,
            "source": self.source,
            "key": self.key,
            "model": self.model,
            "pages": self.pages,
            "schedule": self.schedule,
            "alarms": self.alarms,
            "quotas": self.quotas,
            "failures": self.failures,
        }

    def entrance(self) -> dict[str, Probe]:
        """The probes without which there is nothing more to look at."""
        return {"credentials": self.credentials, "stack": self.deployed_stack}

    def credentials(self) -> Diagnosis:
        identity = self.cloud.client("sts").get_caller_identity()
        return good(f"account {identity['Account']}, as {identity['Arn']}")

    def deployed_stack(self) -> Diagnosis:
        self._deployed  # noqa: B018 - it raises where the stack is not there
        return good(f"{self.stack.name} in {self.cloud.session.region_name}")

    def clock(self) -> Diagnosis:
        return look_at_clock(self.cloud.client("sts").meta.endpoint_url)

    def source(self) -> Diagnosis:
        return look_at_source(self._parameters["HfBaseUrl"], self._deployed.today - dt.timedelta(days=1))

    def key(self) -> Diagnosis:
        if self._parameters["Summarizer"] != "openai":
            return unknown("none is needed")
        name = parameter_name(self.stack, "LLM_API_KEY")
        found = self.cloud.client("ssm").get_parameters(Names=[name])["Parameters"]
        if not found:
            command = f"LLM_API_KEY=… paperboy deploy --stack {self.stack.name}"
            return unknown(f"none in {name}; where the endpoint asks for one: {command}")
        if found[0]["Type"] != "SecureString":
            return bad(f"{name} is a {found[0]['Type']}", "Put it there as a SecureString.")
        return good(f"there is one in {name}")

    def model(self) -> Diagnosis:
        from paperboy_cli.commands.trial import candidate_of_stack

        if self._parameters["Summarizer"] == "none":
            return unknown("none is set: the texts are the listing's own, in English")
        return look_at_model(candidate_of_stack(self.cloud, self.stack, None))

    def pages(self) -> Diagnosis:
        """Whether the newest digest opens at the address that readers have."""
        from paperboy.pages.site import latest_key

        links = self._deployed.links(days=1)
        link = links.to(latest_key())
        address = f"{links.access}, {link.partition('?')[0]}"
        if not links.signed and account_blocks_public_access(self.cloud, self.cloud.account):
            return bad(f"{address}: the account blocks public access to all of its buckets", PUBLIC_ACCESS_REMEDY)
        if not self._deployed.table.read_digests(since=dt.date.min):
            return unknown(f"{address}: no digest is published yet")
        try:
            status = httpx.get(link, timeout=20).status_code
        except httpx.HTTPError as error:
            return bad(f"{address} does not open: {type(error).__name__}", "Look at the network and its proxy.")
        if status != httpx.codes.OK:
            return bad(f"{address} answers {status}", f"`paperboy run DAY --stack {self.stack.name}` puts pages back.")
        if links.signed:
            whole = f"paperboy open{self.cloud.options(self.stack)}"
            return good(f"{address} opens by a signed link; `{whole}` serves all pages on this machine")
        return good(f"{address} opens")

    def schedule(self) -> Diagnosis:
        parameters = self._parameters
        if parameters["ScheduleState"] != "ENABLED":
            return unknown("disabled: nothing runs by itself")
        return good(f"{parameters['Schedule']} and {parameters['LastSchedule']}, {parameters['TimeZone']}")

    def alarms(self) -> Diagnosis:
        mail = self._parameters["AlarmEmail"]
        if not mail:
            return unknown("nobody is told: AlarmEmail is empty")
        resource = self.cloud.client("cloudformation").describe_stack_resource(
            StackName=self.stack.name, LogicalResourceId="AlarmTopic"
        )
        topic = resource["StackResourceDetail"]["PhysicalResourceId"]
        subscriptions = self.cloud.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        if any(each["SubscriptionArn"].startswith("arn:") for each in subscriptions):
            return good(f"to {mail}")
        return bad(f"{mail} has not confirmed", "Open the mail that AWS sent there, and the link in it.")

    def quotas(self) -> Diagnosis:
        """What can be read of the account's limits: functions at a time, and the model's a minute."""
        limit = self.cloud.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
        wanted = int(self._parameters["MaxConcurrency"]) + OTHER_FUNCTIONS
        text = "; ".join([f"{limit} functions at a time", *self._model_quotas()])
        if limit < wanted:
            return bad(
                f"{text}; the stack takes up to {wanted}",
                "Ask for more (Service Quotas console, Lambda, concurrent executions), or set a lower MaxConcurrency.",
            )
        return good(text)

    def failures(self) -> Diagnosis:
        waiting = {queue: number for queue, number in self._deployed.failures().items() if number}
        if waiting:
            text = ", ".join(f"{number} failed for good, in {queue}" for queue, number in waiting.items())
            return bad(text, f"`paperboy status --stack {self.stack.name}` tells which and why.")
        return good("nothing failed for good")

    @cached_property
    def _deployed(self) -> Deployed:
        return Deployed(self.cloud, self.stack)

    @property
    def _parameters(self) -> Mapping[str, str]:
        return self._deployed.description.parameters

    def _model_quotas(self) -> Iterator[str]:
        """What the account may ask of the stack's model on Bedrock in a minute; nothing where that cannot be read."""
        if self._parameters["Summarizer"] != "bedrock":
            return
        model = re.sub(PROFILE_PREFIX, "", self._parameters["BedrockModel"])
        try:
            name = self.cloud.client("bedrock").get_foundation_model(modelIdentifier=model)["modelDetails"]["modelName"]
            paginator = self.cloud.client("service-quotas").get_paginator("list_service_quotas")
            for quota in (quota for page in paginator.paginate(ServiceCode="bedrock") for quota in page["Quotas"]):
                if name in quota["QuotaName"] and "per minute" in quota["QuotaName"]:
                    yield f"{quota['QuotaName']}: {quota['Value']:,.0f}"
        except (BotoCoreError, ClientError):
            yield "the model's cannot be read"
