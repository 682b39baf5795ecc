"""What each function's role may do and what it is refused, with permissions enforced."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from paperboy.adapters.stream import day_event
from paperboy.archive.site import INDEX_KEY
from paperboy.days.keys import RANKING
from paperboy.pages.site import JSON, digest_key
from paperboy_cli.local.deployment import SAMPLE
from tests.e2e.conftest import Demo
from tests.e2e.test_demo import DAY, PREFIX

KEY = {"pk": {"S": "DAY#2000-01-01"}, "sk": {"S": "NOTHING"}}
QUERY = {"KeyConditionExpression": "pk = :day", "ExpressionAttributeValues": {":day": KEY["pk"]}}


def put(key: str) -> Callable[[Any, Mapping[str, str]], None]:
    """A put of a page on condition that there is none, which there is: who may put it changes nothing."""

    def call(bucket: Any, names: Mapping[str, str]) -> None:
        try:
            bucket.put_object(Bucket=names["Bucket"], Key=f"{PREFIX}/{key}", Body=b"", IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise

    return call


NO_PAGE, A_DAY, ACROSS_DAYS = (f"s3:PutObject {what}" for what in ("no page", "a day's page", "a page across days"))
CALLS: dict[str, Callable[[Any, Mapping[str, str]], object]] = {
    "dynamodb:BatchWriteItem": lambda table, names: table.batch_write_item(
        RequestItems={names["Table"]: [{"DeleteRequest": {"Key": KEY}}]}
    ),
    "dynamodb:DeleteItem": lambda table, names: table.delete_item(TableName=names["Table"], Key=KEY),
    "dynamodb:GetItem": lambda table, names: table.get_item(TableName=names["Table"], Key=KEY),
    "dynamodb:Query": lambda table, names: table.query(TableName=names["Table"], **QUERY),
    "dynamodb:Scan": lambda table, names: table.scan(TableName=names["Table"]),
    "s3:DeleteObject": lambda bucket, names: bucket.delete_object(Bucket=names["Bucket"], Key=f"{PREFIX}/latest.md"),
    "s3:GetObject": lambda bucket, names: bucket.get_object(Bucket=names["Bucket"], Key=f"{PREFIX}/latest.md"),
    "s3:ListBucket": lambda bucket, names: bucket.list_objects_v2(Bucket=names["Bucket"]),
    NO_PAGE: put("notes.md"),
    A_DAY: put(digest_key(dt.date.fromisoformat(DAY), JSON)),
    ACROSS_DAYS: put(INDEX_KEY),
    "sqs:GetQueueAttributes": lambda queue, names: queue.get_queue_attributes(QueueUrl=names["SummaryQueue"]),
    "sqs:ReceiveMessage": lambda queue, names: queue.receive_message(QueueUrl=names["SummaryQueue"]),
    "sqs:SendMessage": lambda queue, names: queue.send_message(QueueUrl=names["SummaryQueue"], MessageBody="{}"),
}
"""A call of each action, perhaps on something, with a client of its service and the stack's outputs. Those that a role
may make change nothing."""

MAY = {
    "Ingest": ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchWriteItem"),
    "Score": ("dynamodb:GetItem", "dynamodb:Query"),
    "Summarize": ("dynamodb:GetItem", "sqs:GetQueueAttributes"),
    "Render": ("dynamodb:Query", "s3:GetObject", "s3:ListBucket", A_DAY),
    "Announce": ("s3:GetObject", "s3:ListBucket"),
    "Catalog": ("dynamodb:GetItem", "s3:GetObject", "s3:ListBucket", ACROSS_DAYS),
}
MAY_NOT = {
    # Not s3:GetObject: the local stack's pages are open to all.
    "Ingest": ("dynamodb:Scan", "dynamodb:DeleteItem", "s3:ListBucket", NO_PAGE, "sqs:SendMessage"),
    "Score": ("dynamodb:Scan", "dynamodb:BatchWriteItem", "s3:ListBucket", "sqs:ReceiveMessage"),
    "Summarize": ("dynamodb:Query", "dynamodb:DeleteItem", NO_PAGE, "sqs:SendMessage"),
    "Render": (
        "dynamodb:BatchWriteItem",
        "dynamodb:Scan",
        "s3:DeleteObject",
        NO_PAGE,
        ACROSS_DAYS,
        "sqs:ReceiveMessage",
    ),
    "Announce": ("dynamodb:Query", "dynamodb:Scan", "s3:DeleteObject", NO_PAGE, A_DAY, "sqs:SendMessage"),
    "Catalog": ("dynamodb:Query", "dynamodb:BatchWriteItem", "s3:DeleteObject", NO_PAGE, A_DAY, "sqs:SendMessage"),
}


def role_of(demo: Demo, function: str) -> str:
    resource = {"StackName": SAMPLE.name, "LogicalResourceId": f"{function}Role"}
    detail = demo.local.client("cloudformation").describe_stack_resource(**resource)["StackResourceDetail"]
    name: str = detail["PhysicalResourceId"]
    return name


def acting_as(demo: Demo, function: str) -> boto3.Session:
    """Credentials of the function's role."""
    arn = demo.local.client("iam").get_role(RoleName=role_of(demo, function))["Role"]["Arn"]
    assumed = demo.local.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    keys = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey"}
    given = {name: assumed[key] for name, key in (keys | {"aws_session_token": "SessionToken"}).items()}
    return boto3.Session(**given, region_name=demo.local.session.region_name)


@pytest.mark.parametrize("function", MAY)
def test_a_role_may_do_its_work_and_no_more(demo: Demo, function: str) -> None:
    """A function's role is let through with the calls of its work, and refused each of the others, by its action."""
    role = acting_as(demo, function)
    for call in MAY[function] + MAY_NOT[function]:
        action = call.split()[0]
        client = role.client(action.partition(":")[0], endpoint_url=demo.local.url)  # type: ignore[call-overload]
        refused: AbstractContextManager[object] = pytest.raises(
            ClientError, match=f"^An error occurred .AccessDenied.*{function}Role.*not authorized to perform: {action} "
        )
        with nullcontext() if call in MAY[function] else refused:
            CALLS[call](client, demo.outputs)


def test_functions_work_with_their_own_role(demo: Demo) -> None:
    """A function without its role's permission fails: what it does, it does as its role and not as somebody else."""
    iam = demo.local.client("iam")
    policy = {"RoleName": role_of(demo, "Render"), "PolicyName": "render"}
    whole = iam.get_role_policy(**policy)["PolicyDocument"]
    less = whole | {"Statement": [each for each in whole["Statement"] if each["Sid"] != "ReadDays"]}
    event = day_event(dt.date.fromisoformat(DAY), RANKING)
    iam.put_role_policy(**policy, PolicyDocument=json.dumps(less))
    try:
        assert {"batchItemFailures": [{"itemIdentifier": "1"}]} == demo.invoke("Render", event)
    finally:
        iam.put_role_policy(**policy, PolicyDocument=json.dumps(whole))
    assert {"batchItemFailures": []} == demo.invoke("Render", event)
