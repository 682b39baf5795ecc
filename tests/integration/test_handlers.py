"""The handlers as Lambda calls them: good and bad records in one batch, which are reported, and what is counted."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from typing import Any

import pytest

from functions.ingest import handler as ingest
from functions.render import handler as render
from functions.score import handler as score
from functions.summarize import handler as summarize
from paperboy.adapters import observe
from paperboy.adapters.table import Table
from paperboy.days.keys import day_partition, summary_key
from paperboy.days.run import RequestError
from paperboy.papers.listing import Listing, NotListedYetError, SourceError
from paperboy.summaries.model import NO_TOKENS, ThrottledError
from paperboy.summaries.request import SummaryRequest
from paperboy.summaries.summary import Rung
from tests.integration.conftest import DAY, ROOT, Stages, nothing_is_unreadable, run_of

OTHER, THIRD = dt.date(2026, 2, 4), dt.date(2026, 2, 5)


class Context:
    """What Lambda tells a handler besides the event."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"

    def __init__(self, seconds: int = 300) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return self._seconds * 1000


@pytest.fixture
def call(stages: Stages, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Calls a function's handler, which works with the test's stages; gives its answer and the metrics it raised."""
    collaborators = {
        ingest: lambda: stages.ingesting,
        score: lambda: stages.scoring,
        summarize: lambda: stages.summarizing,
        render: lambda: stages.rendering,
    }
    for module, made in collaborators.items():
        monkeypatch.setattr(module, "collaborators", made)
    monkeypatch.setattr(summarize, "queue", lambda: stages.queue)

    def call(module: Any, event: dict[str, Any], seconds: int = 300) -> tuple[Any, Counter[str]]:
        observe.metrics.clear_metrics()  # those of stages that the test called itself
        capfd.readouterr()
        answer = module.handler(event, Context(seconds))
        return answer, metrics(capfd.readouterr().out)

    return call


def metrics(printed: str) -> Counter[str]:
    """The sums of the metrics in what a function printed, which is how CloudWatch gets them."""
    raised: Counter[str] = Counter()
    for line in printed.splitlines():
        if '"_aws"' in line:
            values = json.loads(line)
            for metric in values["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
                value = values[metric["Name"]]
                raised[metric["Name"]] += int(sum(value) if isinstance(value, list) else value)
    return +raised


def stream(*records: tuple[dt.date | str, str]) -> dict[str, Any]:
    """A batch of the table's stream, numbered from 1: the day, or another partition key, and the sort key of each."""
    return {
        "Records": [
            {
                "eventName": "MODIFY",
                "dynamodb": {
                    "Keys": {
                        "pk": {"S": day_partition(of) if isinstance(of, dt.date) else of},
                        "sk": {"S": sort_key},
                    },
                    "SequenceNumber": str(number),
                },
            }
            for number, (of, sort_key) in enumerate(records, start=1)
        ]
    }


def queue(*bodies: str | SummaryRequest) -> dict[str, Any]:
    """A batch of the queue, numbered from 1."""
    texts = [body if isinstance(body, str) else body.model_dump_json() for body in bodies]
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": "run out",
                "attributes": {"ApproximateReceiveCount": "1"},
                "body": text,
            }
            for number, text in enumerate(texts, start=1)
        ]
    }


def received(stages: Stages, wait_seconds: int = 0) -> dict[str, Any]:
    """A batch of what is visible in the queue, as Lambda hands it over."""
    batch = stages.sqs.receive_message(
        QueueUrl=stages.queue_url,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=wait_seconds,
        MessageSystemAttributeNames=["ApproximateReceiveCount"],
    )
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "attributes": message["Attributes"],
                "body": message["Body"],
            }
            for message in batch.get("Messages", [])
        ]
    }


def failed(answer: Any) -> list[str]:
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


# ingest


class Listings:
    """A source with the sample day's listing, none yet for the day after, and trouble on the third."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    def listing(self, day: dt.date) -> Listing:
        if day == OTHER:
            raise NotListedYetError("not yet")
        if day == THIRD:
            raise SourceError("the source is away")
        return self._listing if day == DAY else Listing()


def broken_first_item(items: list[Any]) -> list[Any]:
    return [{"paper": {"id": "2602.99999"}}, *items]


def test_ingest_answers_what_came_of_the_day(stages: Stages, call: Any) -> None:
    """The answer holds the day's outcome, and items and rejected ones are counted."""
    stages.edit_listing(broken_first_item)
    answer, raised = call(ingest, {"time": "2026-02-04T03:17:00Z", "day": "2026-02-03"})
    report = {"status": "listed", "listed": 26, "rejected": 1, "changed": 25, "attempt": 1}
    assert {"2026-02-03": report} == answer
    assert {"Listed": 26, "Rejected": 1} == raised


def test_ingest_lets_no_day_cost_another(stages: Stages, call: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Of the days that a time calls for, one that fails is named in the error, and the others are written."""
    stages.source = Listings(stages.source.listing(DAY))
    with pytest.raises(ingest.IngestError) as error:
        call(ingest, {"time": "2026-02-06T03:17:00Z", "due": True})
    assert "2026-02-05: SourceError: the source is away" == str(error.value)
    run = stages.read_day().run
    assert run is not None
    assert (25, True) == (run.listed, run.due)
    statuses = [getattr(each, "status", "") for each in caplog.records if each.message.startswith("day ")]
    assert ["failed", "not listed yet", "listed"] == statuses


def test_ingest_refuses_an_event_that_asks_for_nothing(call: Any) -> None:
    """An event without a time is refused before anything is read."""
    with pytest.raises(RequestError, match="time: Field required"):
        call(ingest, {"day": "2026-02-03"})


def test_ingest_refuses_a_day_that_is_yet_to_come(stages: Stages, call: Any) -> None:
    """A day that has not begun is refused, by whomever it is asked for, and nothing is written."""
    with pytest.raises(RequestError, match="the day 2099-01-01 is yet to come"):
        call(ingest, {"time": "2026-02-04T03:17:00Z", "day": "2099-01-01"})
    assert {} == stages.records()


# score


def test_score_reports_the_first_record_of_the_day_that_failed(stages: Stages, call: Any) -> None:
    """A day whose papers are being written is reported by its first record; the other day is ranked and requested once,
    however many records it has, and records of no day are left alone."""
    stages.ingest(run_of(3))
    other = stages.ingesting.table
    run = stages.read_day().run
    assert run is not None
    other.put_papers(OTHER, stages.read_day().papers.values())
    other.put_run(other.read_day(OTHER), run.replaced(papers_hash="of other papers"))
    batch = stream((OTHER, "RUN"), ("DIGESTS", "2026-02-03"), (DAY, "RUN"), (OTHER, "RUN"), (DAY, "RUN"))
    answer, raised = call(score, batch)
    assert ["1"] == failed(answer)
    assert stages.read_day().ranking is not None
    assert other.read_day(OTHER).ranking is None
    assert 16 == len(stages.requests())
    assert {"Selected": 16, "LeftOut": 9} == raised


def test_the_first_record_of_a_day_is_enough(stages: Stages, call: Any) -> None:
    """A single record of a day has it ranked; a second batch with the same record requests nothing more than before."""
    stages.ingest(run_of(3))
    answer, raised = call(score, stream((DAY, "RUN")))
    assert ([], 16) == (failed(answer), raised["Selected"])
    first = stages.requests()
    answer, _ = call(score, stream((DAY, "RUN")))
    assert [] == failed(answer)
    assert first == stages.requests()


# summarize


def test_summarize_reports_the_message_that_failed(stages: Stages, call: Any) -> None:
    """Of a good message, one that is no request, one of a paper that is claimed and one of an unknown paper, the second
    and the third are reported; the good one is paid for and counted on its rung."""
    stages.ingest(run_of(3))
    stages.score()
    good, claimed, *_ = stages.requests()
    assert stages.table.claim_summary(claimed, "hash", now=dt.datetime.now(dt.UTC).timestamp())
    unknown = SummaryRequest(day=DAY, paper_id="2602.99999", attempt=1)
    answer, raised = call(summarize, queue(good, "{}", claimed, unknown))
    assert ["2", "3"] == failed(answer)
    assert Rung.MODEL == stages.read_day().summaries[good.paper_id].summary.rung
    assert {"SummarisedModel": 1} == raised


def test_summarize_counts_what_stands_on_a_low_rung(stages: Stages, call: Any) -> None:
    """Summaries that no model wrote are counted for the alarm, each on its rung, and those that a limit is why of."""
    stages.ingest(run_of(3))
    stages.score()
    first, second, third, *_ = stages.requests()
    stages.recorded.replies.pop(first.paper_id)
    stages.recorded.refused[second.paper_id] = "no"
    without_calls = third.model_copy(update={"max_calls": 0})
    answer, raised = call(summarize, queue(first, second, without_calls))
    assert [] == failed(answer)
    rungs = Counter(record.summary.rung for record in stages.read_day().summaries.values())
    low = sum(number for rung, number in rungs.items() if rung.low)
    assert 2 == low
    expected = {f"Summarised{rung.capitalize()}": number for rung, number in rungs.items()}
    assert expected | {"OnLowRung": 2, "Limited": 1} == raised


class Busy:
    """A model whose provider has room for one paper alone."""

    def __init__(self, stages: Stages, paper_id: str) -> None:
        self._model, self._title = stages.model, stages.read_day().papers[paper_id].title
        self.name = self._model.name

    def complete(self, messages: Any) -> Any:
        if json.dumps(self._title, ensure_ascii=False) in messages[-1].content:
            return self._model.complete(messages)
        raise ThrottledError("no room", NO_TOKENS, retry_after=250)


def test_summarize_has_what_is_throttled_come_back(
    stages: Stages, call: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a batch, the paper that there was room for is told; the others and what is no request are reported, and are
    visible again when their own time is up, long before the queue's."""
    monkeypatch.setattr("paperboy.adapters.queue.FIRST_RETURN_SECONDS", 1)
    stages.ingest(run_of(3))
    stages.score()
    good, *others = stages.requests()
    stages.model = Busy(stages, good.paper_id)
    stages.queue.send([good, *others[:2]])
    stages.sqs.send_message(QueueUrl=stages.queue_url, MessageBody="{}")
    batch = received(stages)
    assert [] == received(stages)["Records"]
    answer, raised = call(summarize, batch)
    reported = [each["messageId"] for each in batch["Records"] if good.paper_id not in each["body"]]
    assert reported == failed(answer)
    assert {"SummarisedModel": 1} == raised
    assert [good.paper_id] == list(stages.read_day().summaries)
    assert 2 == len([each for each in caplog.records if each.message == "paper postponed"])
    back: dict[str, Any] = {}
    for _ in range(5):
        back |= {each["messageId"]: each for each in received(stages, wait_seconds=1)["Records"]}
        if reported == sorted(back, key=reported.index):
            break
    assert set(reported) == back.keys()
    assert {"2"} == {each["attributes"]["ApproximateReceiveCount"] for each in back.values()}


def test_summarize_begins_no_call_that_could_not_end(
    stages: Stages, call: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """With less time left than a call may take nothing is called or written, all messages come back, and the next
    invocation tells them at once."""
    stages.ingest(run_of(3))
    stages.score()
    requests = stages.requests()[:3]
    answer, raised = call(summarize, queue(*requests), seconds=100)
    assert (["1", "2", "3"], {}, 0) == (failed(answer), raised, stages.recorded.calls["model"])
    assert {} == stages.read_day().summaries
    reasons = [each.__dict__.get("reason") for each in caplog.records if each.message == "paper postponed"]
    assert ["no time is left for a call: the calls before took all the time"] * 3 == reasons
    answer, raised = call(summarize, queue(*requests))
    assert ([], {"SummarisedModel": 3}) == (failed(answer), raised)


def test_a_message_that_cannot_be_returned_is_still_reported(
    stages: Stages, call: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A message whose receipt ran out is reported like any, so that the queue brings it back in its own time."""
    answer, _ = call(summarize, queue("{}"))
    assert ["1"] == failed(answer)
    assert ["message failed", "message not returned"] == [
        each.message for each in caplog.records if each.message.startswith("message")
    ]


def test_a_message_that_fails_is_logged_with_its_paper(
    stages: Stages, call: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """What goes wrong with a message is logged with its day and its paper, so that who follows the day hears of it."""
    stages.ingest(run_of(3))
    request = SummaryRequest(day=DAY, paper_id="2602.02343", attempt=1)
    stages.table.claim_summary(request, "somebody else's", time.time())
    assert ["1"] == failed(call(summarize, queue(request))[0])
    logged = next(each for each in caplog.records if each.message == "message failed").__dict__
    assert (str(DAY), "2602.02343", "failed") == (logged["day"], logged["paper"], logged["status"])


def test_a_message_twice_in_a_batch_is_paid_once(stages: Stages, call: Any) -> None:
    """Of two copies in one batch one is paid; the other is reported or has nothing to do, and comes back in vain."""
    stages.ingest(run_of(3))
    stages.score()
    request, *_ = stages.requests()
    answer, raised = call(summarize, queue(request, request))
    assert len(failed(answer)) <= 1
    assert (1, 1) == (stages.recorded.calls["model"], raised["SummarisedModel"])
    answer, raised = call(summarize, queue(request))
    assert ([], {}) == (failed(answer), raised)


# render


class Troubled(Table):
    """A table of which one day cannot be read."""

    def read_day(self, day: dt.date) -> Any:
        if day == OTHER:
            raise RuntimeError("no such luck")
        return super().read_day(day)


def test_render_reports_the_first_record_of_the_day_that_failed(stages: Stages, call: Any) -> None:
    """A day that cannot be read is reported by its first record; the other one is published, and counted once."""
    stages.ingest(run_of(3))
    stages.score()
    requests = stages.requests()
    for request in requests:
        stages.summarize(request)
    stages.table = Troubled(stages.name, nothing_is_unreadable, stages.client)
    keys = [summary_key(request.paper_id) for request in requests]
    batch = stream((DAY, "RANKING"), (OTHER, "RANKING"), (OTHER, keys[0]), *((DAY, key) for key in keys))
    answer, raised = call(render, batch)
    assert ["2"] == failed(answer)
    assert f"digests/{DAY}.md" in stages.pages()
    assert {"Published": 1} == raised
    answer, raised = call(render, stream((DAY, "RANKING")))
    assert ([], {}) == (failed(answer), raised)


def test_render_waits_without_a_word(stages: Stages, call: Any) -> None:
    """A day that lacks summaries is no failure and no digest."""
    stages.ingest(run_of(3))
    stages.score()
    answer, raised = call(render, stream((DAY, "RANKING")))
    assert ([], {}, {}) == (failed(answer), raised, stages.pages())


# The events of a function that is worked on


def again(function: str) -> dict[str, Any]:
    """The event that has a function do its work although it is done."""
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{function}_again.json").read_text())
    return event


def test_again_ingest_finds_the_day_anew(stages: Stages, call: Any) -> None:
    """Each time the day has a new run, though nothing in its listing is new."""
    stages.whole_day()
    reports = [call(ingest, again("ingest"))[0][str(DAY)] for _ in range(2)]
    assert [("listed", 0, 2), ("listed", 0, 3)] == [(r["status"], r["changed"], r["attempt"]) for r in reports]


def test_again_score_requests_every_summary(stages: Stages, call: Any) -> None:
    """Each time every paper that is in has a request, which says that its summary is wanted again."""
    ids = [request.paper_id for request in stages.whole_day()]
    for _ in range(2):
        assert {"batchItemFailures": []} == call(score, again("score"))[0]
        requests = stages.requests()
        assert (sorted(ids), {True}) == (sorted(r.paper_id for r in requests), {r.again for r in requests})


def test_again_summarize_asks_the_model(stages: Stages, call: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Each time the model is asked once, and the summary is logged; the record says what both took."""
    stages.whole_day()
    calls = stages.recorded.calls["model"]
    for times in (1, 2):
        assert {"batchItemFailures": []} == call(summarize, again("summarize"))[0]
        assert calls + times == stages.recorded.calls["model"]
        summary = caplog.records[-1].__dict__["summary"]
        assert stages.recorded.replies["2602.02343"]["title"] == summary["title"]
    assert 3 == stages.read_day().summaries["2602.02343"].usage.calls


def test_again_render_puts_every_page(stages: Stages, call: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Each time the day's pages are put, though their bytes are there already."""
    stages.whole_day()
    pages = stages.pages()
    for _ in range(2):
        assert {"batchItemFailures": []} == call(render, again("render"))[0]
        assert {*pages} == set(caplog.records[-1].__dict__["pages"])
    assert pages == stages.pages()
