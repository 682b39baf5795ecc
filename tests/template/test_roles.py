"""Each role, held against what AWS says of its actions: cfn-lint's rules and data, which leave a SAM template out."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from cfnlint.api import ManualArgs, lint
from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

from tests.template.test_template import NO_VALUE, Resources, listed, of_type, statements

type Statement = dict[str, Any]

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/Table"
ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:123456789012:table/{}",
    "AWS::Lambda::Function": "arn:aws:lambda:us-east-1:123456789012:function:{}",
    "AWS::Logs::LogGroup": "arn:aws:logs:us-east-1:123456789012:log-group:{}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:123456789012:{}",
}
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}


def deployed(value: Any, resources: Resources) -> Any:
    """A part of a role as IAM gets it: with ARNs in place of what names a resource."""

    def arn(name: str, attribute: str) -> str:
        return ARNS[resources[name]["Type"]].format(name) + ("/stream/2026" if attribute == "StreamArn" else "")

    def named(match: re.Match[str]) -> str:
        name, _, attribute = match[1].partition(".")
        return arn(name, attribute) if attribute else PSEUDO.get(name, name)

    match value:
        case {"Fn::If": ["Emulated", _, in_aws]}:
            return deployed(in_aws, resources)
        case {"Ref": name}:
            return name
        case {"Fn::GetAtt": [name, attribute]}:
            return arn(name, attribute)
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([^}]+)\}", named, text)
        case dict():
            return {key: deployed(each, resources) for key, each in value.items()}
        case list():
            return [deployed(each, resources) for each in value if each != NO_VALUE]
    return value


def findings(policies: dict[str, list[Statement]]) -> dict[str, set[str]]:
    """What is wrong with the statements of each of some roles."""
    assumed = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}

    def role(policy: list[Statement]) -> dict[str, Any]:
        trust, own = ({"Version": "2012-10-17", "Statement": each} for each in ([assumed], policy))
        properties = {"AssumeRolePolicyDocument": trust, "Policies": [{"PolicyName": "its", "PolicyDocument": own}]}
        return {"Type": "AWS::IAM::Role", "Properties": properties}

    template = {"Resources": {name: role(policy) for name, policy in policies.items()}}
    found = {name: set(without_resource(policy)) for name, policy in policies.items()}
    for match in lint(json.dumps(template), config=ManualArgs(include_checks=["I"], regions=["us-east-1"])):
        found[match.path[1]].add(f"{match.rule.id} {match.message}")
    return found


def without_resource(policy: list[Statement]) -> Iterator[str]:
    """The actions that AWS knows no resource for, and that stand on one all the same: cfn-lint lets them be."""
    for statement in policy:
        for action in listed(statement["Action"]):
            service, _, name = action.lower().partition(":")
            known = services()[service]["Actions"].get(name)
            if listed(statement["Resource"]) != ["*"] and known is not None and not known.get("Resources"):
                yield f"{action} takes no resource but *"


@cache
def services() -> dict[str, Any]:
    """What AWS says of each service's actions, as cfn-lint brings it."""
    found: dict[str, Any] = load_resource(AdditionalSpecs, "Policies.json")
    return found


def test_every_role_can_be_had(resources: Resources) -> None:
    """Each role's actions are there in AWS, and each stands on resources that it takes, in ARNs that are some."""
    roles = of_type(resources, "AWS::IAM::Role")
    policies = {role: [deployed(each, resources) for each in statements(resources, role)] for role in roles}
    assert {role: set() for role in roles} == findings(policies)


def test_a_slip_in_a_role_is_found() -> None:
    """A misspelt action, one on a resource that it does not take, and an ARN that is none are each found."""
    slips = {
        "W3037 'getitm' is not one of": ("dynamodb:GetItm", TABLE),
        "dynamodb:ListStreams takes no resource but *": ("dynamodb:ListStreams", f"{TABLE}/stream/2026"),
        "I3510 action 'sqs:SendMessage' requires": ("sqs:SendMessage", TABLE),
        "I3510 action 'dynamodb:PutItem' requires": ("dynamodb:PutItem", TABLE.replace("table/", "tabel/")),
        "E3510 'arn:aws:dynamodb:us-east-1:1": ("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:123456789012"),
    }
    policies = {
        f"Slip{number}": [{"Effect": "Allow", "Action": [action], "Resource": place}]
        for number, (action, place) in enumerate(slips.values())
    }
    for expected, found in zip(slips, findings(policies).values(), strict=True):
        assert [expected] == [each[: len(expected)] for each in found]
