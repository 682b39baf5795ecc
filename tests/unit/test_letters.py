"""What failed for good, as the queues keep it and as a person is told of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from paperboy_cli.commands.status import failure_lines, way_out
from paperboy_cli.stack.letters import Letter, cause_of, letter_of

ARN = "arn:aws:lambda:us-east-1:123456789012:function:paperboy-Ingest-1"
AWAY = "SourceError: http://127.0.0.1:9/api?date=%s: refused"


def letter(body: Any, **message: Any) -> Letter:
    text = body if isinstance(body, str) else json.dumps(body)
    own = {"Body": text, "ReceiptHandle": "handle", "Attributes": {"SentTimestamp": "1770177600000"}}
    return letter_of("FailureQueue", own | message)


def failed(arn: str = ARN, **more: Any) -> dict[str, Any]:
    """What Lambda says of an event that failed every time."""
    return {"requestContext": {"functionArn": arn, "condition": "RetriesExhausted"}, **more}


def visited(*days: str) -> Letter:
    """A run that failed on each of the days that it visited."""
    error = "; ".join(f"{day}: {AWAY % day}" for day in days)
    return letter(failed(requestPayload={"day": None}, responsePayload={"errorMessage": error}))


PUBLICATION = {"source": "aws.s3", "detail": {"object": {"key": "4cc1b6f3a5d94d0e/digests/2026-02-03.json"}}}
"""What a rule sends to a queue, and what lies in the one of failures, whoever moved it there."""
ANNOUNCE_QUEUE = "arn:aws:sqs:us-east-1:123456789012:paperboy-AnnounceQueue-1"
GIVEN_UP = {"Attributes": {"SentTimestamp": "1770177600000", "DeadLetterQueueSourceArn": ANNOUNCE_QUEUE}}
UNDELIVERED = {"ERROR_MESSAGE": {"StringValue": "no permission"}}
NEWEST = AWAY % "2026-02-03"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (letter({"day": "2026-02-03", "paper_id": "2602.02343"}), ("summarize", ("2026-02-03",), "2602.02343")),
        (visited("2026-02-03", "2026-02-02"), ("ingest", ("2026-02-02", "2026-02-03"), None)),
        (letter(failed(requestPayload={"day": "2026-02-01"})), ("ingest", ("2026-02-01",), None)),
        (letter(failed(ARN.replace("Ingest", "Score"), DDBStreamBatchInfo={})), ("score", (), None)),
        (letter(PUBLICATION), ("catalog", ("2026-02-03",), None)),
        (letter(PUBLICATION, **GIVEN_UP), ("announce", ("2026-02-03",), None)),
        (
            letter(PUBLICATION, MessageAttributes=UNDELIVERED | {"TARGET_ARN": {"StringValue": ANNOUNCE_QUEUE}}),
            ("announce", ("2026-02-03",), None),
        ),
        (letter({"time": "2026-02-04T03:17:00Z"}), ("ingest", (), None)),
        (letter("no JSON"), ("ingest", (), None)),
        (letter("[]"), ("ingest", (), None)),
    ],
)
def test_a_dead_letter(found: Letter, expected: tuple[Any, ...]) -> None:
    """A letter has its function, and the days and the paper that its message names."""
    assert expected == (found.function, found.days, found.paper)


def test_the_reason_of_a_dead_letter() -> None:
    """The reason is the first of a run's causes, the scheduler's own, or that it failed every time."""
    undelivered = {"ERROR_MESSAGE": {"StringValue": "Lambda is throttled"}}
    letters = visited("2026-02-03", "2026-02-02"), letter(failed()), letter("{}", MessageAttributes=undelivered)
    assert [NEWEST, "it failed every time (RetriesExhausted)", "Lambda is throttled"] == [
        each.reason for each in letters
    ]


def test_the_reason_of_a_publication() -> None:
    """A publication that a function failed with is told from one that EventBridge could not hand to its queue."""
    letters = (
        letter(PUBLICATION),
        letter(PUBLICATION, **GIVEN_UP),
        letter(PUBLICATION, MessageAttributes=UNDELIVERED),
    )
    assert [
        "what is made from many days failed every time",
        "a channel could not be told, every time",
        "no permission",
    ] == [each.reason for each in letters]


@pytest.mark.parametrize(
    ("functions", "commands"),
    [
        (("ingest",), ["run DAY --sample", "status --clear --sample"]),
        (("catalog",), ["catalog --sample", "status --clear --sample"]),
        (("catalog", "render"), ["run DAY --sample", "catalog --sample", "status --clear --sample"]),
        (("announce", "catalog"), ["catalog --sample", "announce DAY --sample", "status --clear --sample"]),
        ((), ["run DAY --sample", "status --clear --sample"]),
    ],
)
def test_the_way_out(functions: tuple[str, ...], commands: list[str]) -> None:
    """A run makes a day again; what follows a publication has commands of its own, as a run would not do it."""
    status = {"cleared": False, "failures": [{"function": name} for name in functions]}
    assert commands == re.findall(r"`paperboy ([^`]*)`", way_out(status, " --sample"))


def test_letters_of_one_cause_are_one_line() -> None:
    """What failed alike on several days, and several times, is told once, with the days."""
    assert cause_of(NEWEST) == cause_of(AWAY % "2026-02-02") != cause_of("SourceError: 404")
    request = letter({"day": "2026-02-03", "paper_id": "2602.02343"})
    shown = [each.as_json() for each in (visited("2026-02-02"), visited("2026-02-03", "2026-02-02"), request)]
    assert [
        f"ingest, 2026-02-02, 2026-02-03: {NEWEST} (2 times, last at 2026-02-04 04:00 UTC)",
        "summarize, 2026-02-03 (2602.02343): its request failed every time (at 2026-02-04 04:00 UTC)",
    ] == failure_lines(shown, [])


def test_what_came_out_since() -> None:
    """A failure all of whose days came out since is told as such, and one with a day that did not is not."""
    shown = [visited("2026-02-02").as_json()]
    earlier, later = "2026-02-04T03:00:00+00:00", "2026-02-04T05:00:00+00:00"
    for published_at, expected in ((earlier, False), (later, True)):
        lines = failure_lines(shown, [{"day": "2026-02-02", "published_at": published_at}])
        assert [expected] == [line.endswith("UTC; out since)") for line in lines]
    for publication in (letter(PUBLICATION), letter(PUBLICATION, **GIVEN_UP)):
        [line] = failure_lines([publication.as_json()], [{"day": "2026-02-03", "published_at": later}])
        assert line.endswith("UTC)")
