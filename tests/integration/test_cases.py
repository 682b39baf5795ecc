"""Answers of endpoints on which a paper once cost its day, through the whole of summarize."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paperboy.adapters.budget import SETTLE_SECONDS
from paperboy.adapters.models.openai import CALL_RETRY, OpenAI
from paperboy.languages.language import load_language
from paperboy.summaries.model import MAX_CALL_SECONDS
from paperboy.summaries.prompt import Message
from paperboy.summaries.reply import schema_of
from paperboy.summaries.summary import Rung
from tests.integration.conftest import Stages, run_of
from tests.integration.fake import Answer, Fake, Request, serving
from tests.samples import read_json

PAPER_ID = "2602.02343"
AT_ONCE = CALL_RETRY.copy_with(backoff_factor=0.0)
ALL_BUT_NO_TIME_SECONDS = MAX_CALL_SECONDS + SETTLE_SECONDS + 0.5
"""Time for a call, and none to wait for an endpoint without room."""

EXPECTED: dict[str, tuple[Rung, str]] = {
    "01-error-is-no-object": (Rung.ABSTRACT, "answered 40[02]: "),
    "02-content-in-parts": (Rung.MODEL, ""),
    "03-200-with-an-error": (Rung.ABSTRACT, "Provider returned|Unexpected endpoint|Error code: 429"),
    "04-broken-off": (Rung.ABSTRACT, "broke its answer off: (error|abort)"),
    "05-words-in-another-place": (Rung.ABSTRACT, "Developer instruction|extra fields not permitted|Model not found"),
    "06-no-system-role": (Rung.MODEL, ""),
    "07-403-not-about-the-key": (Rung.ABSTRACT, "Insufficient account balance|free tier|region, or territory"),
    "08-answer-beside-content": (Rung.MODEL, ""),
    "14-the-account-taken-for-a-filter": (Rung.ABSTRACT, "free tier .* exhausted"),
    "15-limit-without-a-way": (Rung.MODEL, ""),
}
"""By case: the rung that the paper ends on, and words of the reason."""


def features(request: Request) -> set[str]:
    """What a request has that some endpoint refuses."""
    shape = request.get("response_format", {}).get("type", "text")
    return {*request, shape, *(message["role"] for message in request["messages"])}


def endpoint(case: dict[str, Any], answer: Any, good: str) -> Callable[[Request], Answer]:
    """An endpoint as the case has it: it always answers so, or where a request has what it refuses."""
    status, body = answer
    bad: Answer = status, json.loads(json.dumps(body).replace('"@GOOD@"', json.dumps(good))), {}
    usage = {"prompt_tokens": 700, "completion_tokens": 300}
    reply: Answer = 200, {"choices": [{"message": {"content": good}, "finish_reason": "stop"}], "usage": usage}, {}
    refused = set(case.get("refuse", "").split(",")) - {""}
    return lambda request: reply if refused and not refused & features(request) else bad


@pytest.mark.parametrize("name", EXPECTED)
def test_a_case_costs_no_more_than_its_paper(stages: Stages, shared_data: Path, name: str) -> None:
    """Each answer ends as a summary or as words in a reason, is no refusal, and its message is done."""
    case = read_json(shared_data / f"data/cases/{name}.json")
    rung, words = EXPECTED[name]
    stages.ingest(run_of(3))
    stages.score()
    request = next(each for each in stages.requests() if each.paper_id == PAPER_ID)
    good = json.dumps(stages.recorded.replies[PAPER_ID], ensure_ascii=False)
    for attempt, answer in enumerate(case["answers"].values(), start=1):
        with serving(Fake(endpoint(case, answer, good))) as fake:
            model = OpenAI(fake.url, "any", schema_of(load_language("zh")), retry=AT_ONCE)
            if case.get("warm"):
                whole, fake.answer = fake.answer, endpoint({"refuse": "nothing"}, [200, {}], good)
                model.complete((Message("user", "{}"),))
                fake.answer = whole
            stages.model = model
            for run in range(case.get("runs", 1)):
                number = 100 * attempt + run
                again = request.model_copy(update={"attempt": number, "due": True})
                record = stages.summarizing.summarize_paper(again, time.monotonic() + ALL_BUT_NO_TIME_SECONDS)
                assert record or rung is Rung.MODEL  # a model's summary that is there is not made again
        last = stages.read_day().summaries[PAPER_ID]
        assert (rung, 0) == (last.summary.rung, last.refusals)
        assert re.search(words, last.reason or ""), last.reason
        if rung is Rung.MODEL:
            stages.dynamodb.Table(stages.name).delete_item(
                Key={"pk": f"DAY#{request.day}", "sk": f"SUMMARY#{PAPER_ID}"}
            )
