"""A stack in AWS, spoken to with the user's own credentials."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from paperboy_cli.errors import PaperboyError
from paperboy_cli.stack.host import OUTPUTS, Stack, StackDescription

AWS_CONFIG = Config(connect_timeout=10, retries={"mode": "standard"})
# An invocation is waited for as long as ingest may run, with its silent connection kept open.
INVOKE_CONFIG = Config(read_timeout=610, tcp_keepalive=True, retries={"total_max_attempts": 2})

# Codes of AWS's errors, by what they come down to.
EXPIRED_CODES = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
UNKNOWN_CODES = {"InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException", "SignatureDoesNotMatch"}
DENIED_CODES = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}


@dataclass(frozen=True)
class Cloud:
    """An AWS account and region: of the profile and region that are named, else of the environment's."""

    profile: str | None = None
    region: str | None = None

    poll_seconds = 1.0
    logs = "CloudWatch, in the log groups of the stack"
    source_hint = "To ask a mirror: `paperboy deploy --set HfBaseUrl=https://hf-mirror.com`, with --stack its name."
    stays = "The stack in AWS goes on by itself."

    def options(self, stack: Stack) -> str:
        names = {"--stack": stack.name, "--profile": self.profile, "--region": self.region}
        return "".join(f" {option} {name}" for option, name in names.items() if name)

    @cached_property
    def session(self) -> boto3.Session:
        # boto3 alone reads AWS_DEFAULT_REGION and not AWS_REGION, which the AWS CLI and SAM CLI take.
        return boto3.Session(profile_name=self.profile, region_name=self.region or os.environ.get("AWS_REGION") or None)

    @property
    def place(self) -> dict[str, str]:
        """The region, and the profile, that were named."""
        return {name: value for name, value in (("region", self.region), ("profile", self.profile)) if value}

    @cached_property
    def account(self) -> str:
        """The number of the account that the credentials are of."""
        number: str = self.client("sts").get_caller_identity()["Account"]
        return number

    def client(self, service: Any, config: Config | None = None) -> Any:
        base = AWS_CONFIG.merge(INVOKE_CONFIG) if service == "lambda" else AWS_CONFIG
        return self.session.client(service, config=base.merge(config) if config else base)

    def describe(self, stack: Stack) -> StackDescription:
        cloudformation = self.client("cloudformation")
        try:
            answer = cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            raise PaperboyError(self._no_such(stack, cloudformation)) from error
        description = StackDescription.of(answer)
        if missing := OUTPUTS - description.outputs.keys():
            raise PaperboyError(
                f"the stack {stack.name} in {self.session.region_name} is {answer['StackStatus']} and has no output"
                f" {sorted(missing)[0]}: it is none of Paperboy's, or was never deployed to the end."
            )
        return description

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise PaperboyError(sentence(error)) from error

    def _no_such(self, stack: Stack, cloudformation: Any) -> str:
        names = []
        with contextlib.suppress(ClientError):  # who may look at one stack may be kept from the list of all
            stacks = cloudformation.describe_stacks()["Stacks"]
            names = [each["StackName"] for each in stacks if StackDescription.of(each).is_whole]
        others = f"; these look like Paperboy's: {', '.join(sorted(names))}" if names else ""
        return (
            f"there is no stack {stack.name} in {self.session.region_name} for these credentials{others}."
            " --region and --profile choose others."
        )


def sentence(error: BotoCoreError | ClientError) -> str:
    """What AWS or its client refused, and the way out."""
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return (
                "no AWS credentials were found: export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, keep some in"
                " ~/.aws/credentials (`aws configure` does), or choose some with --profile or AWS_PROFILE."
            )
        case NoRegionError():
            return "no AWS region is set: name the stack's with --region or AWS_REGION."
        case ProfileNotFound():
            return f"{error}: `aws configure list-profiles` shows those that there are."
        case SSOError() | TokenRetrievalError():
            return f"the AWS sign-in has ended or was never made: `aws sso login` ({error})."
        case CredentialRetrievalError():
            return f"the AWS credentials could not be had: {error}."
        case NoConnectionError() | HTTPClientError():
            return f"AWS could not be reached: {error}. Look at the network, and at the region's name."
        case ClientError():
            return _refused(error)
    return f"AWS's client cannot go on: {error}"


def is_denied(error: BaseException | None) -> bool:
    """Whether it is that AWS does not permit these credentials what was asked for."""
    return isinstance(error, ClientError) and str(error.response.get("Error", {}).get("Code")) in DENIED_CODES


def _refused(error: ClientError) -> str:
    details = error.response.get("Error", {})
    code, message = str(details.get("Code")), str(details.get("Message"))
    if code in EXPIRED_CODES:
        return "the AWS credentials have expired: sign in again (`aws sso login`), or get new ones."
    if code in UNKNOWN_CODES:
        return f"AWS does not know these credentials ({code}): `aws sts get-caller-identity` shows whose they are."
    if code in DENIED_CODES:
        named = re.search(r"not authorized to perform:? ([\w-]+:\w+)", message)
        action = named[1] if named else error.operation_name
        return f"AWS does not permit {action} to these credentials: ask for it, or choose others with --profile."
    return f"AWS refused {error.operation_name} ({code}): {message}"
