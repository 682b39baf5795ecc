"""Rules that the template keeps, looked at as CloudFormation gets it: after the SAM transform."""

import datetime as dt
import fnmatch
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from moto.events.models import EventPattern
from samtranslator.yaml_helper import yaml_parse

from paperboy.adapters.deliveries import LEASE_SECONDS
from paperboy.adapters.observe import Metric
from paperboy.adapters.queue import MAX_HIDDEN_SECONDS
from paperboy.adapters.table import CLAIM_SECONDS
from paperboy.days.keys import (
    BUDGET,
    DIGESTS,
    RANKING,
    RUN,
    announced_partition,
    day_partition,
    paper_key,
    summary_key,
)
from paperboy.days.records import SummaryRecord
from tests.conftest import ROOT

type Resources = dict[str, dict[str, Any]]
type Template = dict[str, dict[str, Any]]

FAILURE_QUEUE = {"Fn::GetAtt": ["FailureQueue", "Arn"]}
SUMMARY_QUEUE = {"Fn::GetAtt": ["SummaryQueue", "Arn"]}
CATALOG_QUEUE, ANNOUNCE_QUEUE = ({"Fn::GetAtt": [name, "Arn"]} for name in ("CatalogQueue", "AnnounceQueue"))
TABLE = {"Fn::GetAtt": ["Table", "Arn"]}
STREAM = {"Fn::GetAtt": ["Table", "StreamArn"]}
BUCKET = {"Fn::GetAtt": ["PagesBucket", "Arn"]}
PAGES = {"Fn::Sub": "${PagesBucket.Arn}/${PagesPrefix}/*"}
NO_VALUE = {"Ref": "AWS::NoValue"}

DAY = dt.date(2026, 2, 3)
DAYS = day_partition(DAY).replace(str(DAY), "*")
"""A pattern of every day's partition."""

NAMES = {
    *("AlarmName", "BucketName", "DashboardName", "FunctionName", "GroupName", "LayerName", "LogGroupName", "Name"),
    *("QueueName", "RoleName", "TableName", "TopicName"),
}
"""Properties that give a resource its physical name."""

REFERRING = ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::EventInvokeConfig")
"""Resources whose FunctionName is that of another one."""


@pytest.fixture(scope="module")
def template() -> Template:
    """The template as it is written."""
    written: Template = yaml_parse((ROOT / "template.yaml").read_text())
    return written


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
            branches = statement["Fn::If"][1:] if "Fn::If" in statement else [statement]
            yield from (branch for branch in branches if branch != NO_VALUE)


def texts(value: Any) -> Iterator[str]:
    """Every string in a part of the template."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)


def choices(value: Any) -> Iterator[list[Any]]:
    """The condition and the two branches of every Fn::If in a part of the template."""
    if isinstance(value, dict | list):
        if isinstance(value, dict) and "Fn::If" in value:
            yield value["Fn::If"]
        for each in value.values() if isinstance(value, dict) else value:
            yield from choices(each)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_parameter_has_its_place(template: Template) -> None:
    """The console asks for each parameter once, under a heading, in the order in which the parameters are written."""
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert list(template["Parameters"]) == [name for group in groups for name in group["Parameters"]]
    headings = [group["Label"]["default"] for group in groups]
    assert len(set(headings)) == len(headings)
    assert all(headings)


def test_every_parameter_can_be_left_alone(template: Template) -> None:
    """Each parameter has a default and a sentence that says what it is for."""
    for name, parameter in template["Parameters"].items():
        assert "Default" in parameter, name
        assert parameter["Description"].endswith("."), name


def test_outputs(template: Template) -> None:
    """The outputs are those that people and the command look for."""
    assert {
        *(
            "Table",
            "Bucket",
            "Pages",
            "Access",
            "Link",
            "Ingest",
            "Score",
            "Summarize",
            "Render",
            "Catalog",
            "Announce",
        ),
        *("ScoreLogs", "SummarizeLogs", "RenderLogs", "CatalogLogs", "AnnounceLogs"),
        *("SummaryQueue", "SummaryDeadLetterQueue", "FailureQueue"),
    } == set(template["Outputs"])


def test_pages_are_in_one_folder(resources: Resources, template: Template) -> None:
    """The folder that the outputs name is the one that functions write to and read, and it always has a name."""
    for function in ("Render", "Catalog", "Announce"):
        variables = resources[function]["Properties"]["Environment"]["Variables"]
        assert ({"Ref": "PagesBucket"}, {"Ref": "PagesPrefix"}) == (variables["BUCKET_NAME"], variables["PAGES_PREFIX"])
    values = {name: output["Value"] for name, output in template["Outputs"].items()}
    assert {"Fn::Sub": "s3://${PagesBucket}/${PagesPrefix}/"} == values["Pages"]
    assert {"Fn::Sub": "https://${PagesBucket.RegionalDomainName}/${PagesPrefix}/latest.html"} == values["Link"]
    assert not re.search(template["Parameters"]["PagesPrefix"]["AllowedPattern"], "")


@pytest.mark.parametrize(
    ("prefix", "accepted"),
    [
        ("pages", True),
        ("5f0c2d7e9a814b36", True),
        ("5f0c2d7e9a814b36-a1c4-" * 2, True),
        ("papers", False),
        ("5f0c2d7e9a814b3", False),
        ("5f0c2d7e9a814b36/a1c4", False),
        ("5f0c2d7e9a814b36*", False),
        ("5" * 65, False),
    ],
)
def test_a_prefix_is_the_default_or_hard_to_guess(template: Template, prefix: str, accepted: bool) -> None:
    """The pages' folder is the default or has 16 to 64 letters, digits and hyphens."""
    assert accepted == bool(re.search(template["Parameters"]["PagesPrefix"]["AllowedPattern"], prefix))


def test_unlisted_refuses_the_default_prefix(template: Template) -> None:
    """With Access unlisted, the one folder that is easy to guess is refused."""
    rule = template["Rules"]["UnlistedNeedsSecretPrefix"]
    assert {"Fn::Equals": [{"Ref": "Access"}, "unlisted"]} == rule["RuleCondition"]
    default = template["Parameters"]["PagesPrefix"]["Default"]
    refused = {"Fn::Not": [{"Fn::Equals": [{"Ref": "PagesPrefix"}, default]}]}
    assert [refused] == [assertion["Assert"] for assertion in rule["Assertions"]]


def test_an_emulator_does_without_tls_and_nothing_else(resources: Resources, template: Template) -> None:
    """An emulator's account, which none in AWS is, does without TLS-only, our endpoint and the pages' host."""
    account = {"Ref": "AWS::AccountId"}
    accounts = [{"Fn::Equals": [account, name]} for name in ("000000000000", "AWS::AccountId")]
    assert {"Fn::Or": accounts} == template["Conditions"]["Emulated"]
    branches = [(emulated, cloud) for name, emulated, cloud in choices(resources) if name == "Emulated"]
    host = {"Fn::Sub": "https://${PagesBucket.RegionalDomainName}/${PagesPrefix}"}
    for function in ("Catalog", "Announce"):
        assert host == resources[function]["Properties"]["Environment"]["Variables"]["PAGES_URL"]["Fn::If"][2]
        branches.remove(("", host))
    [channels] = [each for each in statements(resources, "AnnounceRole") if each["Sid"] == "ReadChannels"]
    branches.remove(tuple(channels["Resource"]["Fn::If"][1:]))
    assert [NO_VALUE] * 7 == [emulated for emulated, _ in branches]
    assert ["", "", "", "", "", "", "TlsOnly"] == sorted(cloud and cloud["Sid"] for _, cloud in branches)
    in_aws = {"Fn::Not": [{"Condition": "Emulated"}]}
    assert {"NeedsBucketPolicy": {"Fn::Or": [{"Condition": "IsReadableByAnyone"}, in_aws]}} == {
        name: condition for name, condition in template["Conditions"].items() if "'Emulated'" in str(condition)
    }
    assert {"PagesBucketPolicy"} == {
        name for name, each in resources.items() if each.get("Condition") in ("Emulated", "NeedsBucketPolicy")
    }


def test_sam_local_can_set_the_endpoint(resources: Resources) -> None:
    """Each function declares AWS_ENDPOINT_URL, empty in the cloud: `sam local invoke` sets only what is declared."""
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        endpoint = function["Environment"]["Variables"]["AWS_ENDPOINT_URL"]
        assert {"Fn::If": ["Emulated", NO_VALUE, ""]} == endpoint, name


def test_functions(resources: Resources) -> None:
    """There are six functions, each with a role of its own."""
    functions = of_type(resources, "AWS::Lambda::Function")
    names = ("Ingest", "Score", "Summarize", "Render", "Catalog", "Announce")
    assert {name: {"Fn::GetAtt": [f"{name}Role", "Arn"]} for name in names} == {
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
    assert {name: {"OnFailure": {"Destination": FAILURE_QUEUE}} for name in ("Ingest", "Score", "Render")} == places
    for name, schedule in of_type(resources, "AWS::Scheduler::Schedule").items():
        assert {"Arn": FAILURE_QUEUE} == schedule["Target"]["DeadLetterConfig"], name
    redrive = {
        name: resources[name]["Properties"]["RedrivePolicy"]
        for name in ("SummaryQueue", "CatalogQueue", "AnnounceQueue")
    }
    assert {"Fn::GetAtt": ["SummaryDeadLetterQueue", "Arn"]} == redrive["SummaryQueue"]["deadLetterTargetArn"]
    assert (FAILURE_QUEUE, 5) == tuple(redrive["CatalogQueue"].values())
    assert (FAILURE_QUEUE, 20) == tuple(redrive["AnnounceQueue"].values())
    for target in resources["Publications"]["Properties"]["Targets"]:
        assert {"Arn": FAILURE_QUEUE} == target["DeadLetterConfig"]


def test_what_waits_longest_reaches_the_failures(resources: Resources) -> None:
    """A publication whose channel asks for a long wait each time is tried for the last time before SQS forgets it."""
    queue = resources["AnnounceQueue"]["Properties"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] * MAX_HIDDEN_SECONDS < queue["MessageRetentionPeriod"]


def test_event_sources(resources: Resources) -> None:
    """The table's stream and three queues invoke functions; a new source needs a failure destination as well."""
    sources = [each["EventSourceArn"] for each in of_type(resources, "AWS::Lambda::EventSourceMapping").values()]
    assert sorted([STREAM, STREAM, SUMMARY_QUEUE, CATALOG_QUEUE, ANNOUNCE_QUEUE], key=str) == sorted(sources, key=str)


@pytest.mark.parametrize(
    "role", ["IngestRole", "ScoreRole", "RenderRole", "IngestScheduleRole", "IngestLastScheduleRole"]
)
def test_failures_may_be_kept(resources: Resources, role: str) -> None:
    """Whoever keeps failed events in the queue may write there."""
    assert ["sqs:SendMessage"] in [
        listed(each["Action"]) for each in statements(resources, role) if each["Resource"] == FAILURE_QUEUE
    ]


def test_failures_are_kept_for_long(resources: Resources) -> None:
    """What failed for good is kept for 14 days, the most that a queue can."""
    for name in ("FailureQueue", "SummaryDeadLetterQueue"):
        assert 14 * 24 * 60 * 60 == resources[name]["Properties"]["MessageRetentionPeriod"], name


def test_no_wildcards(resources: Resources) -> None:
    """No statement allows everything, and none is about everything but the one that AWS takes in no other way."""
    names = of_type(resources, "AWS::IAM::Role", "AWS::S3::BucketPolicy")
    allowed = [each for name in names for each in statements(resources, name) if each["Effect"] == "Allow"]
    about_everything = [each for each in allowed if "*" in listed(each["Resource"])]
    assert [["dynamodb:ListStreams"]] * 2 == [each["Action"] for each in about_everything]
    assert [] == [each for each in allowed if any("*" in action for action in listed(each["Action"]))]
    assert {"TlsOnly"} == {
        each.get("Sid") for name in names for each in statements(resources, name) if each["Effect"] != "Allow"
    }


def test_only_the_configured_model_may_be_called(resources: Resources) -> None:
    """With Bedrock, summarize may call the one model or profile that is named, and other models through it alone."""
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
    call = {"Effect": "Allow", "Action": ["bedrock:InvokeModel"]}
    assert [
        ("SummarizeRole", {"Fn::If": ["UsesBedrock", call | {"Sid": sid} | what, NO_VALUE]})
        for sid, what in (("CallTheModel", {"Resource": [model, profile]}), ("CallThroughTheProfile", through))
    ] == about_bedrock


@pytest.mark.parametrize(
    ("function", "variable", "key"),
    [("Ingest", "HF_TOKEN_NAME", "hf-token"), ("Summarize", "LLM_KEY_NAME", "llm-api-key")],
)
def test_a_key_is_one_functions(resources: Resources, function: str, variable: str, key: str) -> None:
    """A function knows where its key is kept, and may read that parameter and no other."""
    kept = resources[function]["Properties"]["Environment"]["Variables"][variable]
    assert {"Fn::Sub": f"/${{AWS::StackName}}/{key}"} == kept
    place = {"Fn::Sub": f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter{kept['Fn::Sub']}"}
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
        ("IngestRole", "ForAllValues:StringLike", [DAYS]),
        ("ScoreRole", "ForAllValues:StringLike", [DAYS]),
        ("SummarizeRole", "ForAllValues:StringLike", [DAYS, BUDGET]),
        ("RenderRole", "ForAllValues:StringEquals", [DIGESTS]),
        ("AnnounceRole", "ForAllValues:StringLike", [announced_partition("*")]),
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


@pytest.mark.parametrize("role", ["ScoreRole", "RenderRole"])
def test_stream_may_be_read(resources: Resources, role: str) -> None:
    """Lambda reads the stream as the function's role, which needs four actions, one of them without a resource."""
    about_stream = [each for each in statements(resources, role) if "Stream" in str(each["Action"])]
    assert [
        (["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], STREAM),
        (["dynamodb:ListStreams"], "*"),
    ] == [(each["Action"], each["Resource"]) for each in about_stream if "logs:" not in str(each)]


PUT = {
    role: [str({"Fn::Sub": f"${{PagesBucket.Arn}}/${{PagesPrefix}}/{each}"}) for each in own]
    for role, own in {
        "RenderRole": ("digests/*", "latest.*"),
        "CatalogRole": (
            *("index.html", "search.html", "search/*", "feeds/*"),
            *("months/*", "weeks/*", "years/*"),
        ),
        "AnnounceRole": (),
    }.items()
}
"""What each role that reads pages may put: pages that are its own."""


def test_a_page_has_one_writer(resources: Resources) -> None:
    """Render puts the days' pages, catalog those across days, neither the other's; no other role touches the bucket."""
    roles = of_type(resources, "AWS::IAM::Role")
    about_pages = {
        (role, action, str(place))
        for role in roles
        for statement in statements(resources, role)
        for action in listed(statement["Action"])
        for place in listed(statement["Resource"])
        if action.startswith("s3:") or "Pages" in str(place)
    }
    assert {role: (str(BUCKET), set(own)) for role, own in PUT.items()} == {
        role: (
            next(place for of, action, place in about_pages if (of, action) == (role, "s3:ListBucket")),
            {place for of, action, place in about_pages if (of, action) == (role, "s3:PutObject")},
        )
        for role, _, _ in about_pages
    }
    assert {"s3:ListBucket", "s3:GetObject", "s3:PutObject"} == {action for _, action, _ in about_pages}
    assert set() == set(PUT["RenderRole"]) & set(PUT["CatalogRole"])
    read = {("RenderRole", place) for place in PUT["RenderRole"]} | {("CatalogRole", str(PAGES))}
    read.add(("AnnounceRole", str({"Fn::Sub": "${PagesBucket.Arn}/${PagesPrefix}/digests/*.json"})))
    assert read == {(role, place) for role, action, place in about_pages if action == "s3:GetObject"}


def test_bucket_is_closed(resources: Resources) -> None:
    """The bucket is public only where Access says so, has no access lists, and refuses plain HTTP."""
    bucket = resources["PagesBucket"]["Properties"]
    unless_readable = {"Fn::If": ["IsReadableByAnyone", False, True]}
    assert {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": unless_readable,
        "RestrictPublicBuckets": unless_readable,
    } == bucket["PublicAccessBlockConfiguration"]
    assert {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]} == bucket["OwnershipControls"]
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [BUCKET, {"Fn::Sub": "${PagesBucket.Arn}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    read_pages = {
        "Sid": "ReadPages",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": PAGES,
    }
    policy = resources["PagesBucketPolicy"]["Properties"]
    assert [["Emulated", NO_VALUE, tls_only], ["IsReadableByAnyone", read_pages, NO_VALUE]] == [
        statement["Fn::If"] for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert {"Ref": "PagesBucket"} == policy["Bucket"]


def test_who_counts_as_anyone(template: Template) -> None:
    """Anyone may read, and there is a plain link, unless Access is private."""
    private = {"Fn::Equals": [{"Ref": "Access"}, "private"]}
    assert {"Fn::Not": [private]} == template["Conditions"]["IsReadableByAnyone"]
    assert "IsReadableByAnyone" == template["Outputs"]["Link"]["Condition"]


def test_only_the_bucket_can_be_public(resources: Resources) -> None:
    """Of what has a policy of its own, by which others than the account's roles could be let in, the queues let in the
    one rule that says what was published, and nobody else."""
    letting_in = ("Permission", "Policy", "Url")
    assert {"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"} == {
        resource["Type"] for resource in resources.values() if resource["Type"].endswith(letting_in)
    }
    assert [] == [name for name, resource in resources.items() if "ResourcePolicy" in resource["Properties"]]


def test_a_queue_is_open_to_the_rule_alone(resources: Resources) -> None:
    """The rule may send to its three queues, each by a policy of its own: SQS takes no statement about two."""
    policies = of_type(resources, "AWS::SQS::QueuePolicy").values()
    names = ("CatalogQueue", "AnnounceQueue", "FailureQueue")
    assert [[{"Ref": name}] for name in names] == [policy["Queues"] for policy in policies]
    for policy, queue in zip(policies, (CATALOG_QUEUE, ANNOUNCE_QUEUE, FAILURE_QUEUE), strict=True):
        [statement] = policy["PolicyDocument"]["Statement"]
        assert {
            "Sid": "TakePublications",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": ["sqs:SendMessage"],
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Publications", "Arn"]}}},
        } == statement


def test_no_partition_is_taken_for_granted(resources: Resources, template: Template) -> None:
    """Nothing names a partition of AWS or its hosts, but for services, which are called the same in each."""
    assert {"lambda.amazonaws.com", "scheduler.amazonaws.com", "events.amazonaws.com"} == {
        text for text in texts([resources, template["Outputs"]]) if re.search(r"arn:aws|amazonaws|aws\.amazon", text)
    }


def test_times_fit(resources: Resources) -> None:
    """A message is hidden for six runs of its function, and a claim outlives the run but not the hiding."""
    timeout = resources["Summarize"]["Properties"]["Timeout"]
    hidden = resources["SummaryQueue"]["Properties"]["VisibilityTimeout"]
    assert hidden >= 6 * timeout
    assert timeout < CLAIM_SECONDS < hidden
    for name in ("Catalog", "Announce"):
        hidden = resources[f"{name}Queue"]["Properties"]["VisibilityTimeout"]
        window = resources[f"{name}Publications"]["Properties"].get("MaximumBatchingWindowInSeconds", 0)
        assert hidden >= 6 * resources[name]["Properties"]["Timeout"] + window, name
    assert resources["Announce"]["Properties"]["Timeout"] < LEASE_SECONDS < hidden


def test_queue_mapping(resources: Resources, template: Template) -> None:
    """A failed message costs no other of its batch, and invocations side by side are bounded."""
    mapping = resources["SummarizeRequests"]["Properties"]
    assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
    concurrency = {"Fn::If": ["HasUsualConcurrency", 5, {"Ref": "MaxConcurrency"}]}
    assert concurrency == mapping["ScalingConfig"]["MaximumConcurrency"]
    parameter = template["Parameters"]["MaxConcurrency"]
    assert (5, 2, 1000) == (parameter["Default"], parameter["MinValue"], parameter["MaxValue"])
    assert 1 <= mapping["BatchSize"] <= 10
    assert ["ReportBatchItemFailures"] == resources["CatalogPublications"]["Properties"]["FunctionResponseTypes"]


KEYS = {
    "pages/digests/2026-02-03.json": True,
    "pages/digests/2026-02-03.html": False,
    "pages/digests/2026-02-03.md": False,
    "pages/latest.json": False,
    "pages/search/2026-02.json": False,
    "pages/feeds/daily.json": False,
    "other/digests/2026-02-03.json": False,
}
"""Objects of the bucket, and whether they say that a digest came out."""


@pytest.mark.parametrize(("key", "is_one"), KEYS.items(), ids=KEYS)
def test_what_is_a_publication(resources: Resources, key: str, is_one: bool) -> None:
    """A day's JSON page below the stack's own prefix is one; what catalog puts itself is none, so it rings no bell."""
    written = json.dumps(resources["Publications"]["Properties"]["EventPattern"])
    pattern = written.replace('{"Ref": "PagesBucket"}', '"bucket"').replace(
        '{"Fn::Sub": "${PagesPrefix}/digests/*.json"}', '"pages/digests/*.json"'
    )
    assert "{" in pattern
    assert "Fn::" not in pattern
    detail = {"bucket": {"name": "bucket"}, "object": {"key": key}}
    event: Any = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    [wanted] = json.loads(pattern)["detail"]["object"]["key"]
    assert is_one == fnmatch.fnmatchcase(key, wanted["wildcard"])
    others = json.loads(pattern) | {"detail": {"bucket": {"name": ["bucket"]}}}
    assert EventPattern(None, others).matches_event(event)


def test_a_publication_is_heard(resources: Resources) -> None:
    """The bucket tells EventBridge what is put, and the rule hands it to the queues of catalog and announce."""
    notifications = resources["PagesBucket"]["Properties"]["NotificationConfiguration"]
    assert {"EventBridgeConfiguration": {"EventBridgeEnabled": True}} == notifications
    assert [CATALOG_QUEUE, ANNOUNCE_QUEUE] == [
        each["Arn"] for each in resources["Publications"]["Properties"]["Targets"]
    ]
    for name, queue in (("Catalog", CATALOG_QUEUE), ("Announce", ANNOUNCE_QUEUE)):
        assert queue == resources[f"{name}Publications"]["Properties"]["EventSourceArn"]


def test_alarms(resources: Resources) -> None:
    """Low rungs, unreadable records, failures for good and a service that stopped each raise an alarm, sent by mail."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    bad = {"LowRungAlarm", "UnreadableRecordAlarm", "FailureAlarm", "DeadLetterAlarm", "NotAnnouncedAlarm"}
    stopped = {"NoRunAlarm", "NoDigestAlarm"}
    assert bad | stopped == set(alarms)
    by_mail = {"Fn::If": ["HasAlarmEmail", [{"Ref": "AlarmTopic"}], NO_VALUE]}
    for name, alarm in alarms.items():
        assert by_mail == alarm["AlarmActions"], name
        # One bad thing is enough. A dead service raises no metric, so that a missing one counts.
        rule = ("GreaterThanThreshold", 0, "notBreaching") if name in bad else ("LessThanThreshold", 1, "breaching")
        assert rule == (alarm["ComparisonOperator"], alarm["Threshold"], alarm["TreatMissingData"]), name
        # A stack that runs only when somebody starts it has not stopped.
        enabled = {"Fn::If": ["IsScheduled", True, False]} if name in stopped else None
        assert enabled == alarm.get("ActionsEnabled"), name


def test_alarms_look_at_every_queue_of_failures(resources: Resources) -> None:
    """An alarm rises while a message is visible in a queue that keeps what failed."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm").values()
    queues = [each["Dimensions"] for each in alarms if each["MetricName"] == "ApproximateNumberOfMessagesVisible"]
    assert [
        [{"Name": "QueueName", "Value": {"Fn::GetAtt": [name, "QueueName"]}}]
        for name in ("FailureQueue", "SummaryDeadLetterQueue")
    ] == queues


def test_alarms_look_at_metrics_that_are_raised(resources: Resources) -> None:
    """The metrics of ours that alarms look at are names that the functions count under, in their namespace."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm").values()
    ours = {each["MetricName"]: each for each in alarms if "AWS/" not in str(each["Namespace"])}
    assert {Metric.ON_LOW_RUNG, Metric.PUBLISHED, Metric.UNREADABLE_RECORDS, Metric.GIVEN_UP} == set(ours)
    variables = resources["Render"]["Properties"]["Environment"]["Variables"]
    for name, alarm in ours.items():
        assert variables["POWERTOOLS_METRICS_NAMESPACE"] == alarm["Namespace"], name
        dimension = {"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}
        assert [dimension] == alarm["Dimensions"], name
        assert "Sum" == alarm["Statistic"], name


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


PAPER_KEY, SUMMARY_KEY = paper_key("2602.02343"), summary_key("2602.02343")
WRITTEN = {"input_hash": {"S": "a"}, "summary": {"M": {}}}
"""What tells a summary from a mere claim."""

CHANGES = {
    "RUN": ("INSERT", RUN, {"attempt": {"N": "1"}}, {"Score"}),
    "RUN again": ("MODIFY", RUN, {"attempt": {"N": "2"}}, {"Score"}),
    "RUN removed": ("REMOVE", RUN, None, set()),
    "RANKING": ("INSERT", RANKING, {"attempt": {"N": "1"}}, {"Render"}),
    "RANKING again": ("MODIFY", RANKING, {"attempt": {"N": "2"}}, {"Render"}),
    "RANKING removed": ("REMOVE", RANKING, None, set()),
    "SUMMARY claimed": ("INSERT", SUMMARY_KEY, {"claim": {"S": "a"}, "claimed_until": {"N": "1"}}, set()),
    "SUMMARY": ("MODIFY", SUMMARY_KEY, WRITTEN, {"Render"}),
    "SUMMARY put": ("INSERT", SUMMARY_KEY, WRITTEN, {"Render"}),
    "SUMMARY removed": ("REMOVE", SUMMARY_KEY, None, set()),
    "PAPER": ("INSERT", PAPER_KEY, {"title": {"S": "RUN"}, "input_hash": {"S": "a"}}, set()),
    "PAPER again": ("MODIFY", PAPER_KEY, {"title": {"S": "RANKING"}}, set()),
    "PAPER removed": ("REMOVE", PAPER_KEY, None, set()),
    "digest": ("MODIFY", str(DAY), {"attempt": {"N": "1"}}, set()),
    "budget": ("MODIFY", "2026-02", {"calls": {"N": "1"}}, set()),
}
"""A change of each record: its event, sort key and new image, and the functions that it invokes."""


@pytest.mark.parametrize(("event", "sk", "image", "invoked"), CHANGES.values(), ids=CHANGES)
def test_what_a_change_invokes(
    resources: Resources, event: str, sk: str, image: dict[str, Any] | None, invoked: set[str]
) -> None:
    """A RUN invokes score; a RANKING and a written SUMMARY invoke render; nothing else invokes anything."""
    record: Any = {
        "eventName": event,
        "dynamodb": {"Keys": {"pk": {"S": day_partition(DAY)}, "sk": {"S": sk}}, "SequenceNumber": "1"}
        | ({"NewImage": image} if image else {}),
    }
    assert invoked == {
        function
        for function, mapping in stream_readers(resources).items()
        for wanted in mapping["FilterCriteria"]["Filters"]
        if EventPattern(None, json.loads(wanted["Pattern"])).matches_event(record)
    }


def test_every_written_summary_has_what_the_filter_reads() -> None:
    """No summary is written without the fields by which the stream's filter knows it from a claim."""
    assert WRITTEN.keys() <= {name for name, field in SummaryRecord.model_fields.items() if field.is_required()}


def test_schedules(resources: Resources) -> None:
    """Each schedule follows the readers' time zone, can be switched off, and only the day's last run is due."""
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
    """Records and pages outlive the stack; queues and logs go with it. Both are written, not left to a default."""
    kept, gone = ("RetainExceptOnCreate", "Retain"), ("Delete", "Delete")
    policies = {
        "AWS::DynamoDB::Table": kept,
        "AWS::S3::Bucket": kept,
        "AWS::SQS::Queue": gone,
        "AWS::Logs::LogGroup": gone,
    }
    for name in of_type(resources, *policies):
        resource = resources[name]
        written = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        assert policies[resource["Type"]] == written, name


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
