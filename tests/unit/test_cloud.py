"""A stack in AWS: what is refused in a sentence with the way out, and the links to its pages."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError

from paperboy_cli.errors import PaperboyError
from paperboy_cli.stack.cloud import Cloud, sentence
from paperboy_cli.stack.host import Stack, StackDescription
from paperboy_cli.stack.links import Links

STACK = Stack("paperboy", sample=False)
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
NOT_ALLOWED = (
    "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: lambda:InvokeFunction on resource:"
    " arn:aws:lambda:eu-central-1:123456789012:function:paperboy-Ingest because no identity-based policy allows it"
)


def refused(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refused("ExpiredToken"), "the AWS credentials have expired"),
        (refused("ExpiredTokenException"), "the AWS credentials have expired"),
        (refused("InvalidClientTokenId"), "AWS does not know these credentials (InvalidClientTokenId)"),
        (
            refused("AccessDeniedException", NOT_ALLOWED),
            "AWS does not permit lambda:InvokeFunction to these credentials",
        ),
        (refused("403", "Forbidden"), "AWS does not permit DescribeStacks to these credentials"),
        (refused("ThrottlingException", "Rate exceeded"), "AWS refused DescribeStacks (ThrottlingException): Rate ex"),
    ],
)
def test_what_aws_refuses(error: ClientError, said: str) -> None:
    """Expired and unknown credentials and a missing permission are each told by name, with the action where it is."""
    assert sentence(error).startswith(said)


@pytest.mark.parametrize(
    ("settings", "cloud", "said"),
    [
        ({}, Cloud(), "no AWS region is set"),
        ({}, Cloud(region="eu-central-1"), "no AWS credentials were found"),
        ({"AWS_ACCESS_KEY_ID": "a"}, Cloud(region="eu-central-1"), "no AWS credentials were found"),
        ({}, Cloud(profile="nobody"), "The config profile (nobody) could not be found: `aws configure list-profiles`"),
    ],
    ids=["no region", "no credentials", "half of them", "no profile"],
)
def test_what_is_missing_here(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], cloud: Cloud, said: str
) -> None:
    """Without a region, credentials or the named profile it is said which of them is missing, before any call."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    nothing = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    for name, value in (nothing | {"AWS_EC2_METADATA_DISABLED": "true"} | settings).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(PaperboyError) as error, cloud.explained():
        cloud.describe(STACK)
    assert str(error.value).startswith(said)


def test_the_region_is_the_named_one_or_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """--region goes before AWS_REGION, which the AWS CLI reads, and that before AWS_DEFAULT_REGION."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "ap-east-1")
    regions = [Cloud(region=region).session.region_name for region in ("eu-central-1", None)]
    assert ["eu-central-1", "ap-east-1"] == regions


class Elsewhere:
    """A host with an S3 client and nothing behind it."""

    def __init__(self, region: str, token: str | None = None) -> None:
        self.session = boto3.Session("key", "secret", token, region_name=region)

    def client(self, service: Any, config: Config) -> Any:
        return self.session.client(service, config=config)


def links(host: Any, access: str, days: int = 7) -> Links:
    return Links(host, StackDescription({"Access": access, "Pages": "s3://pages/5f0c2d7e/"}, {}), NOW, days)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "pages.s3.us-east-1.amazonaws.com"),
        ("ap-east-1", "pages.s3.ap-east-1.amazonaws.com"),
        ("cn-north-1", "pages.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
@pytest.mark.parametrize("access", ["private", "unlisted", "public"])
def test_a_link_leads_to_the_regions_own_host(region: str, host: str, access: str) -> None:
    """A link names the bucket at its region's host, and is signed, with version 4 for seven days, if it has to be."""
    link = links(Elsewhere(region), access).to("latest.html")
    plain, _, signature = link.partition("?")
    assert f"https://{host}/5f0c2d7e/latest.html" == plain
    assert (access == "private") == ("X-Amz-Algorithm=AWS4-HMAC-SHA256" in signature)
    assert (access == "private") == ("X-Amz-Expires=604800&" in signature)


def test_when_a_link_ends() -> None:
    """A signed link ends after its days, or with temporary credentials if that is sooner; a plain one does not end."""
    own, temporary = Elsewhere("us-east-1"), Elsewhere("us-east-1", token="token")  # noqa: S106 - of nothing
    made = [links(own, "public"), links(own, "private", 3), links(temporary, "private")]
    assert [None, NOW + dt.timedelta(days=3), NOW + dt.timedelta(days=7)] == [each.end for each in made]
    assert [False, False, True] == [each.end_with_credentials for each in made]


def test_a_link_ends_with_credentials_that_tell_their_end() -> None:
    """Where botocore fetched temporary credentials, a link ends when these do."""
    host: Any = Elsewhere("us-east-1")
    end = dt.datetime.now(dt.UTC) + dt.timedelta(hours=4)
    fetched = {"access_key": "key", "secret_key": "secret", "token": "token", "expiry_time": end.isoformat()}
    credentials = RefreshableCredentials.create_from_metadata(fetched, refresh_using=lambda: fetched, method="test")
    host.session._session._credentials = credentials
    made = links(host, "private")
    now = Links(host, made.description, dt.datetime.now(dt.UTC))
    assert (end, True) == (now.end, now.end_with_credentials)
