"""Rules that the template keeps, looked at as CloudFormation gets it: after the SAM transform."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from moto.events.models import EventPattern
from samtranslator.yaml_helper import yaml_parse

from functions.render.handler import PUBLISHED
from functions.summarize.handler import ON_LOW_RUNG
from paperboy.table import CLAIM
from tests.conftest import ROOT

type Resources = dict[str, dict[str, Any]]

FAILURES = {"Fn::GetAtt": ["Failures", "Arn"]}
TABLE = {"Fn::GetAtt": ["Table", "Arn"]}
STREAM = {"Fn::GetAtt": ["Table", "StreamArn"]}

UNDER = {"Under": {"Fn::If": ["Prefixed", {"Fn::Sub": "/${PagesPrefix}"}, ""]}}
PAGES = [{"Fn::Sub": [f"${{Pages.Arn}}${{Under}}/{keys}", UNDER]} for keys in ("digests/*", "latest.*", "index.html")]
"""The keys that pages have, below the prefix where there is one."""

NAMES = {
    *("AlarmName", "BucketName", "DashboardName", "FunctionName", "GroupName", "LayerName", "LogGroupName", "Name"),
    *("QueueName", "RoleName", "TableName", "TopicName"),
}
"""Properties that give a resource its physical name."""

REFERRING = ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::EventInvokeConfig")
"""Resources whose FunctionName is that of another one."""


def of_type(resources: Resources, *types: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of some types, by logical id."""
    found = {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] in types}
    assert found, types
    return found


def stream_readers(resources: Resources) -> dict[str, dict[str, Any]]:
    """What reads the table's stream, by the name of its function."""
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    return {each["FunctionName"]["Ref"]: each for each in mappings if each["EventSourceArn"] == STREAM}


def statements(resources: Resources, name: str) -> Iterator[dict[str, Any]]:
    """The statements of a role, or of a policy that stands alone."""
    properties = resources[name]["Properties"]
    for policy in properties.get("Policies", [properties]):
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def texts(value: Any) -> Iterator[str]:
    """Every string in a part of the template."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_functions(resources: Resources) -> None:
    """There are four functions, each with a role of its own."""
    functions = of_type(resources, "AWS::Lambda::Function")
    assert {name: {"Fn::GetAtt": [f"{name}Role", "Arn"]} for name in ("Ingest", "Score", "Summarize", "Render")} == {
        name: function["Role"] for name, function in functions.items()
    }


def test_every_function_has_a_log_that_ends(resources: Resources) -> None:
    """Each function writes to a log group of its own, which keeps its lines for as many days as the parameter says."""
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        assert {"LogFormat": "JSON", "LogGroup": {"Ref": f"{name}Logs"}} == function["LoggingConfig"], name
        assert {"Ref": "LogRetentionDays"} == resources[f"{name}Logs"]["Properties"]["RetentionInDays"], name


def test_no_failed_event_is_lost(resources: Resources) -> None:
    """Each stream, schedule, queue and call has a place where what failed to the end is kept."""
    places = {name: reader["DestinationConfig"] for name, reader in stream_readers(resources).items()}
    invoked = of_type(resources, "AWS::Lambda::EventInvokeConfig")
    places |= {each["FunctionName"]["Ref"]: each["DestinationConfig"] for each in invoked.values()}
    assert {name: {"OnFailure": {"Destination": FAILURES}} for name in ("Ingest", "Score", "Render")} == places
    for name, schedule in of_type(resources, "AWS::Scheduler::Schedule").items():
        assert {"Arn": FAILURES} == schedule["Target"]["DeadLetterConfig"], name
    redriven = resources["Asked"]["Properties"]["RedrivePolicy"]
    assert {"Fn::GetAtt": ["AskedInVain", "Arn"]} == redriven["deadLetterTargetArn"]


def test_every_source_is_known(resources: Resources) -> None:
    """Functions are fed by the table's stream and by the queue; a new source needs a failure destination as well."""
    sources = [each["EventSourceArn"] for each in of_type(resources, "AWS::Lambda::EventSourceMapping").values()]
    assert sorted([STREAM, STREAM, {"Fn::GetAtt": ["Asked", "Arn"]}], key=str) == sorted(sources, key=str)


@pytest.mark.parametrize("role", ["IngestRole", "ScoreRole", "RenderRole", "IngestHourlyRole", "IngestLastRole"])
def test_failures_may_be_kept(resources: Resources, role: str) -> None:
    """Whoever keeps failed events in the queue may write there."""
    assert ["sqs:SendMessage"] in [
        listed(statement["Action"]) for statement in statements(resources, role) if statement["Resource"] == FAILURES
    ]


def test_failures_are_kept_for_long(resources: Resources) -> None:
    """What failed for good is kept for 14 days, the most that a queue can."""
    for name in ("Failures", "AskedInVain"):
        assert 14 * 24 * 60 * 60 == resources[name]["Properties"]["MessageRetentionPeriod"], name


def test_no_wildcards(resources: Resources) -> None:
    """No statement that allows something is about everything or allows everything."""
    names = of_type(resources, "AWS::IAM::Role", "AWS::S3::BucketPolicy")
    allowed = [each for name in names for each in statements(resources, name) if each["Effect"] == "Allow"]
    assert [] == [each for each in allowed if "*" in listed(each["Resource"])]
    assert [] == [each for each in allowed if any("*" in action for action in listed(each["Action"]))]
    assert {"TlsOnly"} == {
        each.get("Sid") for name in names for each in statements(resources, name) if each["Effect"] != "Allow"
    }


def test_only_the_configured_model_may_be_asked(resources: Resources) -> None:
    """With Bedrock, summarize may ask the one model or profile that is named, and other models through it alone."""
    about_bedrock = [
        (role, statement)
        for role, properties in of_type(resources, "AWS::IAM::Role").items()
        for policy in properties.get("Policies", ())
        for statement in policy["PolicyDocument"]["Statement"]
        if "bedrock:" in str(statement)
    ]
    own = "arn:${AWS::Partition}:bedrock:${AWS::Region}"
    model = {"Fn::Sub": f"{own}::foundation-model/${{BedrockModel}}"}
    profile = {"Fn::Sub": f"{own}:${{AWS::AccountId}}:inference-profile/${{BedrockModel}}"}
    through = {
        "Resource": {"Fn::Sub": "arn:${AWS::Partition}:bedrock:*::foundation-model/*"},
        "Condition": {"StringEquals": {"bedrock:InferenceProfileArn": profile}},
    }
    ask = {"Effect": "Allow", "Action": ["bedrock:InvokeModel"]}
    assert [
        ("SummarizeRole", {"Fn::If": ["UsesBedrock", ask | {"Sid": sid} | what, {"Ref": "AWS::NoValue"}]})
        for sid, what in (("AskTheModel", {"Resource": [model, profile]}), ("AskThroughTheProfile", through))
    ] == about_bedrock


@pytest.mark.parametrize(
    ("function", "variable", "key"),
    [("Ingest", "HF_TOKEN_NAME", "hf-token"), ("Summarize", "LLM_KEY_NAME", "llm-api-key")],
)
def test_a_key_is_one_functions(resources: Resources, function: str, variable: str, key: str) -> None:
    """A function is told where its key is kept, and may read that parameter and no other."""
    told = resources[function]["Properties"]["Environment"]["Variables"][variable]
    assert {"Fn::Sub": f"/${{AWS::StackName}}/{key}"} == told
    place = {"Fn::Sub": f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter{told['Fn::Sub']}"}
    about = [
        (role, each["Action"], each["Resource"])
        for role in of_type(resources, "AWS::IAM::Role")
        for each in statements(resources, role)
        if "ssm:" in str(each) and (role == f"{function}Role" or key in str(each))
    ]
    assert [(f"{function}Role", ["ssm:GetParameter"], place)] == about


@pytest.mark.parametrize(
    ("role", "operator", "own"),
    [
        ("IngestRole", "ForAllValues:StringLike", ["DAY#*"]),
        ("ScoreRole", "ForAllValues:StringLike", ["DAY#*"]),
        ("SummarizeRole", "ForAllValues:StringLike", ["DAY#*", "BUDGET"]),
        ("RenderRole", "ForAllValues:StringEquals", ["DIGESTS"]),
    ],
)
def test_writes_only_its_own_records(resources: Resources, role: str, operator: str, own: list[str]) -> None:
    """A function writes to the partitions that are its own, reads the table by key, and never scans or deletes."""
    on_table = [each for each in statements(resources, role) if each["Resource"] == TABLE]
    reads = {action for each in on_table if "Condition" not in each for action in each["Action"]}
    writes = [each for each in on_table if "Condition" in each]
    assert reads <= {"dynamodb:GetItem", "dynamodb:Query"}
    assert [{operator: {"dynamodb:LeadingKeys": own}}] == [each["Condition"] for each in writes]
    assert set(writes[0]["Action"]) <= {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem"}


def test_only_render_touches_the_bucket(resources: Resources) -> None:
    """No other role names an action of S3, and render reads and puts pages alone."""
    roles = of_type(resources, "AWS::IAM::Role")
    about_pages = {
        (role, action, str(place))
        for role in roles
        for statement in statements(resources, role)
        for action in listed(statement["Action"])
        for place in listed(statement["Resource"])
        if action.startswith("s3:") or "Pages" in str(place)
    }
    assert {
        ("RenderRole", "s3:ListBucket", str({"Fn::GetAtt": ["Pages", "Arn"]})),
        *(("RenderRole", action, str(place)) for action in ("s3:GetObject", "s3:PutObject") for place in PAGES),
    } == about_pages


def test_bucket_is_closed(resources: Resources) -> None:
    """The bucket is public only where Access says so, has no access lists, and refuses plain HTTP."""
    bucket = resources["Pages"]["Properties"]
    unless_open = {"Fn::If": ["Open", False, True]}
    assert {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": unless_open,
        "RestrictPublicBuckets": unless_open,
    } == bucket["PublicAccessBlockConfiguration"]
    assert {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]} == bucket["OwnershipControls"]
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::GetAtt": ["Pages", "Arn"]}, {"Fn::Sub": "${Pages.Arn}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    read_pages = {
        "Sid": "ReadPages",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": PAGES,
    }
    policy = resources["PagesPolicy"]["Properties"]
    assert [("TlsRequired", tls_only), ("Open", read_pages)] == [
        (condition, statement)
        for condition, statement, _ in (each["Fn::If"] for each in policy["PolicyDocument"]["Statement"])
    ]
    assert {"Ref": "Pages"} == policy["Bucket"]


def test_only_the_bucket_can_be_public(resources: Resources) -> None:
    """Nothing but the bucket has a policy of its own, by which others than the account's roles could be let in."""
    letting_in = ("Permission", "Policy", "Url")
    assert {"AWS::S3::BucketPolicy"} == {
        resource["Type"] for resource in resources.values() if resource["Type"].endswith(letting_in)
    }
    assert [] == [name for name, resource in resources.items() if "ResourcePolicy" in resource["Properties"]]


def test_no_partition_is_taken_for_granted(resources: Resources) -> None:
    """Nothing names a partition of AWS or its hosts, but for services, which are called the same in each."""
    outputs = yaml_parse((ROOT / "template.yaml").read_text())["Outputs"]
    assert {"lambda.amazonaws.com", "scheduler.amazonaws.com"} == {
        text for text in texts([resources, outputs]) if re.search(r"arn:aws|amazonaws|aws\.amazon", text)
    }


def test_times_fit(resources: Resources) -> None:
    """A message is hidden for six runs of its function, and a claim outlives the run but not the hiding."""
    timeout = resources["Summarize"]["Properties"]["Timeout"]
    hidden = resources["Asked"]["Properties"]["VisibilityTimeout"]
    assert hidden >= 6 * timeout
    assert timeout < CLAIM < hidden


def test_queue_mapping(resources: Resources) -> None:
    """A failed message costs no other of its batch, and invocations side by side are bounded."""
    mapping = resources["SummarizeAsked"]["Properties"]
    assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
    concurrency = {"Fn::If": ["UsualConcurrency", 5, {"Ref": "MaxConcurrency"}]}
    assert concurrency == mapping["ScalingConfig"]["MaximumConcurrency"]
    parameter = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]["MaxConcurrency"]
    assert (5, 2, 1000) == (parameter["Default"], parameter["MinValue"], parameter["MaxValue"])
    assert 1 <= mapping["BatchSize"] <= 10


def test_alarms(resources: Resources) -> None:
    """Low rungs, failures for good, and a service that stopped raise an alarm, and whoever asked for mail is told."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    assert {"LowRungs", "FailuresWaiting", "AskedInVainWaiting", "NoRun", "NoDigest"} == set(alarms)
    told = {"Fn::If": ["Mailed", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}
    assert [told] * 5 == [alarm["AlarmActions"] for alarm in alarms.values()]
    # A dead service raises no metric.
    assert {"NoRun", "NoDigest"} == {name for name, alarm in alarms.items() if alarm["TreatMissingData"] == "breaching"}


def test_alarms_look_at_metrics_that_are_raised(resources: Resources) -> None:
    """The metrics of ours that alarms look at are those that summarize and render raise, with our dimension."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm").values()
    ours = {each["MetricName"]: each["Dimensions"] for each in alarms if "AWS/" not in str(each["Namespace"])}
    service = resources["Render"]["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert {name: [{"Name": "service", "Value": service}] for name in (ON_LOW_RUNG, PUBLISHED)} == ours


def test_two_stream_readers(resources: Resources) -> None:
    """The stream has the two readers that it can serve."""
    assert {"Score", "Render"} == set(stream_readers(resources))


@pytest.mark.parametrize("function", ["Score", "Render"])
def test_stream_mapping(resources: Resources, function: str) -> None:
    """A bad stream record is tried a bounded number of times, alone, and for a time that is less than the stream's."""
    mapping = stream_readers(resources)[function]
    assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert 1 <= mapping["MaximumRetryAttempts"] <= 10
    assert 60 <= mapping["MaximumRecordAgeInSeconds"] <= 6 * 60 * 60
    assert "TRIM_HORIZON" == mapping["StartingPosition"]


RINGS = {
    "RUN": ("INSERT", "RUN", {"attempt": {"N": "1"}}, {"Score"}),
    "RUN again": ("MODIFY", "RUN", {"attempt": {"N": "2"}}, {"Score"}),
    "RUN removed": ("REMOVE", "RUN", None, set()),
    "RANKING": ("INSERT", "RANKING", {"attempt": {"N": "1"}}, {"Render"}),
    "RANKING again": ("MODIFY", "RANKING", {"attempt": {"N": "2"}}, {"Render"}),
    "RANKING removed": ("REMOVE", "RANKING", None, set()),
    "SUMMARY claimed": ("INSERT", "SUMMARY#2602.02343", {"claim": {"S": "a"}, "claimed_until": {"N": "1"}}, set()),
    "SUMMARY": ("MODIFY", "SUMMARY#2602.02343", {"source": {"S": "a"}, "summary": {"M": {}}}, {"Render"}),
    "SUMMARY put": ("INSERT", "SUMMARY#2602.02343", {"source": {"S": "a"}, "summary": {"M": {}}}, {"Render"}),
    "SUMMARY removed": ("REMOVE", "SUMMARY#2602.02343", None, set()),
    "PAPER": ("INSERT", "PAPER#2602.02343", {"title": {"S": "RUN"}, "source": {"S": "a"}}, set()),
    "PAPER again": ("MODIFY", "PAPER#2602.02343", {"title": {"S": "RANKING"}}, set()),
    "PAPER removed": ("REMOVE", "PAPER#2602.02343", None, set()),
    "published": ("MODIFY", "2026-02-03", {"attempt": {"N": "1"}}, set()),
    "budget": ("MODIFY", "2026-02", {"calls": {"N": "1"}}, set()),
}
"""A change of each record: its event, sort key and new image, and the functions that it rings."""


@pytest.mark.parametrize(("event", "sk", "image", "rung"), RINGS.values(), ids=RINGS)
def test_rings(resources: Resources, event: str, sk: str, image: dict[str, Any] | None, rung: set[str]) -> None:
    """A RUN rings score; a RANKING and a finished SUMMARY ring render; nothing else rings anybody."""
    record: Any = {
        "eventName": event,
        "dynamodb": {"Keys": {"pk": {"S": "DAY#2026-02-03"}, "sk": {"S": sk}}, "SequenceNumber": "1"}
        | ({"NewImage": image} if image else {}),
    }
    assert rung == {
        function
        for function, mapping in stream_readers(resources).items()
        for wanted in mapping["FilterCriteria"]["Filters"]
        if EventPattern(None, json.loads(wanted["Pattern"])).matches_event(record)
    }


def test_schedules(resources: Resources) -> None:
    """Each schedule asks in the readers' time zone, can be switched off, and only the day's last run is due."""
    schedules = of_type(resources, "AWS::Scheduler::Schedule")
    assert {"Schedule": False, "LastSchedule": True} == {
        schedule["ScheduleExpression"]["Ref"]: json.loads(schedule["Target"]["Input"])["due"]
        for schedule in schedules.values()
    }
    for name, schedule in schedules.items():
        assert {"Ref": "TimeZone"} == schedule["ScheduleExpressionTimezone"], name
        assert {"Ref": "ScheduleState"} == schedule["State"], name
        assert "<aws.scheduler.scheduled-time>" == json.loads(schedule["Target"]["Input"])["time"], name


def test_two_stacks_do_not_collide(resources: Resources) -> None:
    """A physical name is made by CloudFormation, or holds the stack's."""
    names = [
        resource["Properties"][key]
        for resource in resources.values()
        for key in NAMES & resource["Properties"].keys()
        if resource["Type"] not in REFERRING
    ]
    assert [{"Fn::Sub": "${AWS::StackName}-shared"}] == names


def test_what_is_kept(resources: Resources) -> None:
    """Records and pages outlive the stack; queues and logs go with it. Both are said, not left to a default."""
    kept, gone = ("RetainExceptOnCreate", "Retain"), ("Delete", "Delete")
    policies = {
        "AWS::DynamoDB::Table": kept,
        "AWS::S3::Bucket": kept,
        "AWS::SQS::Queue": gone,
        "AWS::Logs::LogGroup": gone,
    }
    for name in of_type(resources, *policies):
        resource = resources[name]
        said = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        assert policies[resource["Type"]] == said, name


def test_stream_gives_what_the_filters_read(resources: Resources) -> None:
    """The stream carries new images, which render's filter looks into."""
    assert {"StreamViewType": "NEW_IMAGE"} == resources["Table"]["Properties"]["StreamSpecification"]


def test_service_name_is_no_part_of_a_module(resources: Resources) -> None:
    """Powertools silences each logger whose name holds the service's name: no module of ours or of others does."""
    [service] = {
        function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        for function in of_type(resources, "AWS::Lambda::Function").values()
    }
    modules = [*ROOT.glob("shared/**/*.py"), *ROOT.glob("functions/**/*.py"), *ROOT.glob(".venv/lib/*/site-packages/*")]
    assert len(modules) > 50
    assert [] == [module for module in modules if service in str(module.relative_to(ROOT)).replace("/", ".")]
