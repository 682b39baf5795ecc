"""`paperboy try`, and a day in place of a file: against upstreams that speak real HTTP."""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from paperboy.summaries.dialogue import summarize
from paperboy_cli.commands import trial
from paperboy_cli.days import today
from paperboy_cli.errors import PaperboyError, StoppedError
from paperboy_cli.local import sample
from paperboy_cli.main import app
from paperboy_cli.stack.cloud import Cloud
from paperboy_cli.stack.host import Stack, StackDescription
from tests.conftest import ROOT
from tests.integration.fake import Answer, Fake, Request, serving
from tests.samples import REPLY

LISTING = ROOT / "events/sample/2026-02-03.json"
FIRST = "2602.02343"
KEYS = [
    "id",
    "rung",
    "reason",
    "refusals",
    "requests",
    "calls",
    "input_tokens",
    "output_tokens",
    "seconds",
    "summary",
    "replies",
]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that names neither a model nor a source."""
    for name in (*trial.VARIABLES, "LLM_API_KEY", "HF_BASE_URL", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def paperboy(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(app, [str(argument) for argument in arguments])


def try_at(fake: Fake, *arguments: str | Path, **environment: str) -> Result:
    """`try` with the model of an upstream."""
    named = {"LLM_BASE_URL": f"{fake.url}/v1", "LLM_MODEL": "m"}
    return paperboy("try", LISTING, *arguments, **(named | environment))


def completion(reply: object, **usage: int) -> Answer:
    text = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
    return 200, {"choices": [{"message": {"content": text}}]} | ({"usage": usage} if usage else {}), {}


def good(_: Request) -> Answer:
    return completion(REPLY, prompt_tokens=1000, completion_tokens=200)


@pytest.fixture
def endpoint() -> Iterator[Fake]:
    """A model that has the same good reply for everything."""
    with serving(Fake(good)) as fake:
        yield fake


def test_a_good_endpoint(upstreams: tuple[str, sample.Recorded]) -> None:
    """The first three papers of the digest are told, each by one request, and the command ends with 0."""
    url, _ = upstreams
    result = paperboy("try", LISTING, "--json", LLM_BASE_URL=f"{url}/v1", LLM_MODEL="sample")
    told = json.loads(result.stdout)
    ranked = json.loads(paperboy("rank", LISTING, "--json").stdout)
    assert [each["id"] for each in ranked[:3]] == [each["id"] for each in told]
    for each in told:
        assert KEYS == list(each)
        assert ["model", None, 0, 1, 1] == [each[name] for name in KEYS[1:6]]
        assert json.loads(each["replies"][0]) == each["summary"]
        assert each["input_tokens"] > 100
    assert (0, "") == (result.exit_code, result.stderr)


def test_a_repair(upstreams: tuple[str, sample.Recorded]) -> None:
    """A first reply that is refused is shown with the reason; the repair counts as told."""
    url, recorded = upstreams
    recorded.refused["2602.02276"] = '{"title": "断了'
    ran = ("try", LISTING, "--id", "2602.02276"), {"LLM_BASE_URL": f"{url}/v1", "LLM_MODEL": "sample"}
    (told,) = json.loads(paperboy(*ran[0], "--json", **ran[1]).stdout)
    assert ("repaired", 2, 2) == (told["rung"], told["requests"], told["calls"])
    assert (0, "reply: it ends before its JSON object does") == (told["refusals"], told["reason"])
    assert '{"title": "断了' == told["replies"][0]
    shown = paperboy(*ran[0], **ran[1])
    assert 0 == shown.exit_code
    for part in ('{"title": "断了', "refused: reply: it ends before its JSON object does", "told by the model after a"):
        assert part in shown.stdout


def test_bad_replies() -> None:
    """Replies that are no summary are shown with their reasons; the paper is not told, and the command ends with 1."""
    replies = iter(["no JSON at all", {**REPLY, "title": "提升 99.9%"}])
    with serving(Fake(lambda _: completion(next(replies)))) as fake:
        result = try_at(fake, "--most", "1", "--json")
    (told,) = json.loads(result.stdout)
    assert (1, "abstract", 2) == (result.exit_code, told["rung"], told["calls"])
    assert 1 == told["refusals"]
    assert "title: the number 99.9%" in told["reason"]
    assert "no JSON at all" == told["replies"][0]
    assert [None, None] == [told["input_tokens"], told["output_tokens"]]


def test_an_endpoint_that_takes_no_request() -> None:
    """An endpoint that answers 400 is told with its own words; each variant of the request was one request."""
    refusal = {"error": {"message": "I do not like it"}}
    with serving(Fake(lambda _: (400, refusal, {}))) as fake:
        result = try_at(fake, "--most", "1", "--json")
        (told,) = json.loads(result.stdout)
        assert len(fake.requests) == told["requests"] > 1
    assert (1, 1, []) == (result.exit_code, told["calls"], told["replies"])
    assert "the model's endpoint answered 400: I do not like it" == told["reason"]


def test_a_throttling_endpoint() -> None:
    """A throttling endpoint is waited for; its tries are requests and no calls, and what gets through is told."""
    answers: Iterator[Answer] = iter([(429, {}, {"Retry-After": "0"})] * 2)
    with serving(Fake(lambda request: next(answers, None) or good(request))) as fake:
        result = try_at(fake, "--id", FIRST, "--json")
        (told,) = json.loads(result.stdout)
        assert (0, 3, 3, 1) == (result.exit_code, len(fake.requests), told["requests"], told["calls"])


def test_an_endpoint_that_stays_without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that has no room for a call within a minute is given up on, with its own words."""
    monkeypatch.setattr(trial, "MAX_WAIT_SECONDS", 0.5)
    with serving(Fake(lambda _: (429, {"error": {"message": "slow down"}}, {"Retry-After": "30"}))) as fake:
        (told,) = json.loads(try_at(fake, "--most", "1", "--json").stdout)
    assert (0, 1) == (told["calls"], told["requests"])
    assert told["reason"].endswith("the model's endpoint answered 429: slow down")


def test_an_endpoint_that_is_not_there() -> None:
    """Nobody at the address is a reason, and no request was sent."""
    with serving(Fake(good)) as fake:
        pass
    result = try_at(fake, "--most", "1", "--json", LLM_MODEL="m")
    (told,) = json.loads(result.stdout)
    assert (1, 0) == (result.exit_code, told["requests"])
    assert "the model's endpoint did not answer" in told["reason"]


def test_the_key_the_extra_fields_and_the_limit(endpoint: Fake) -> None:
    """LLM_API_KEY, LLM_EXTRA and MAX_OUTPUT_TOKENS reach the endpoint, and the key is nowhere in what is printed."""
    result = try_at(
        endpoint, "--most", "1", LLM_API_KEY="sk-secret-1", LLM_EXTRA='{"think": false}', MAX_OUTPUT_TOKENS="77"
    )
    request, headers = endpoint.requests[0], endpoint.headers[0]
    assert (False, 77, "Bearer sk-secret-1") == (request["think"], request["max_tokens"], headers["Authorization"])
    assert "sk-secret-1" not in result.output


def test_what_it_cost(endpoint: Fake) -> None:
    """A table at the end has the tokens, and with prices the cost."""
    shown = try_at(endpoint, "--most", "2", PRICE_INPUT="1", PRICE_OUTPUT="10").stdout
    assert "1 request, 1,000 tokens in, 200 out, 0.0030 USD" in shown
    assert "2 of 2 told by m at http://127.0.0.1:" in " ".join(shown.split())
    together = next(line for line in shown.splitlines() if "together" in line)
    assert ["together", "0", "2", "2", "2,000", "400", "0.0060"] == together.split()[:-1]
    unpriced = try_at(endpoint, "--most", "1").stdout
    assert "200 out, ? USD" in unpriced


def test_a_reply_does_not_steer_the_terminal() -> None:
    """Control characters in a reply are not printed as such."""
    with serving(Fake(lambda _: completion("\x1b[2J\x07 no JSON"))) as fake:
        shown = try_at(fake, "--most", "1").stdout
    assert "\ufffd[2J\ufffd no JSON" in shown
    assert "\x1b[2J" not in shown


def test_english(endpoint: Fake) -> None:
    """--language chooses the prompt and what the replies are held against."""
    (told,) = json.loads(try_at(endpoint, "--most", "1", "--language", "en", "--json").stdout)
    assert "not in English" in told["reason"]


def test_ctrl_c(endpoint: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C amid the second paper leaves what came of the first, on standard output as JSON, and ends with 130."""
    done: list[bool] = []

    def interrupted(*arguments: Any, **options: Any) -> Any:
        if done:
            raise KeyboardInterrupt
        done.append(True)
        return summarize(*arguments, **options)

    monkeypatch.setattr(trial, "summarize", interrupted)
    result = try_at(endpoint, "--json")
    assert isinstance(result.exception, StoppedError)
    assert "stopped after 1 of 3 papers." == str(result.exception)
    assert [FIRST] == [each["id"] for each in json.loads(result.stdout)]


# What is missing


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "no model is configured: set LLM_BASE_URL and LLM_MODEL, such as LLM_BASE_URL=http://127.0.0.1:11434/v1"),
        ({"SUMMARIZER": "none"}, "no model is configured"),
        ({"LLM_BASE_URL": "http://127.0.0.1:9/v1"}, "LLM_MODEL is not set: name the model that the endpoint serves"),
        ({"SUMMARIZER": "openai", "LLM_MODEL": "m"}, "LLM_BASE_URL is not set: name the endpoint and its model"),
        ({"SUMMARIZER": "bedrock"}, "BEDROCK_MODEL is not set: name the model, such as BEDROCK_MODEL=qwen"),
        ({"SUMMARIZER": "gpt"}, "the environment names no model: SUMMARIZER: "),
        ({"LLM_BASE_URL": "localhost", "LLM_MODEL": "m"}, "the environment names no model: LLM_BASE_URL: "),
        ({"LLM_BASE_URL": "http://a", "LLM_MODEL": "m", "LLM_EXTRA": "{"}, "LLM_EXTRA: Value error, expected a JSON"),
        ({"LLM_BASE_URL": "http://a", "LLM_MODEL": "m", "MAX_OUTPUT_TOKENS": "0"}, "MAX_OUTPUT_TOKENS: "),
    ],
)
def test_a_model_that_is_not_named(environment: dict[str, str], said: str) -> None:
    """What is missing or bad is one sentence that says what to set."""
    error = paperboy("try", LISTING, **environment).exception
    assert isinstance(error, PaperboyError)
    assert said in str(error)
    assert "\n" not in str(error)


def test_papers_that_are_not_there(endpoint: Fake, tmp_path: Path) -> None:
    """An id that the listing lacks, and a listing without papers, are each one sentence; no model is asked."""
    empty = tmp_path / "empty.json"
    empty.write_text("[]")
    named = {"LLM_BASE_URL": endpoint.url, "LLM_MODEL": "m"}
    lacking = paperboy("try", LISTING, "--id", "1706.03762", **named).exception
    assert f"{LISTING} has no paper 1706.03762: `paperboy rank {LISTING}` shows those that it has." == str(lacking)
    assert f"{empty} has no papers: there is nothing to try." == str(paperboy("try", empty, **named).exception)
    assert [] == endpoint.requests


def test_one_paper_or_several(endpoint: Fake) -> None:
    """--id and --most together are a usage error."""
    result = try_at(endpoint, "--id", FIRST, "--most", "2")
    assert (2, []) == (result.exit_code, endpoint.requests)


# A stack in AWS


class Account:
    """AWS with one stack of these parameters, and a Parameter Store that has its key, or refuses to give it."""

    def __init__(self, parameters: dict[str, str], refuse: bool = False) -> None:
        self.parameters = parameters
        self.refuse = refuse

    def describe(self, stack: Stack) -> StackDescription:
        assert "papers" == stack.name
        return StackDescription({}, self.parameters)

    def client(self, service: str, _: object = None) -> Any:
        assert "ssm" == service
        return SimpleNamespace(
            get_parameter=self.get_parameter,
            exceptions=SimpleNamespace(ParameterNotFound=type("ParameterNotFound", (Exception,), {})),
        )

    def get_parameter(self, Name: str, WithDecryption: bool) -> Any:  # noqa: N803 - boto3's
        if self.refuse:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetParameter")
        assert ("/papers/llm-api-key", True) == (Name, WithDecryption)
        return {"Parameter": {"Value": "sk-of-the-stack"}}


def in_aws(monkeypatch: pytest.MonkeyPatch, account: Account) -> None:
    monkeypatch.setattr(Cloud, "describe", lambda _, stack: account.describe(stack))
    monkeypatch.setattr(Cloud, "client", lambda _, service, config=None: account.client(service, config))


def test_the_model_of_a_stack(endpoint: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --stack it is that stack's model, parameters, language and key, whatever the environment says."""
    named = {"Summarizer": "openai", "LlmBaseUrl": endpoint.url, "LlmModel": "theirs", "Language": "en"}
    more = {"LlmExtra": '{"think": false}', "MaxOutputTokens": "77", "PriceInput": "1", "BedrockModel": "b"}
    in_aws(monkeypatch, Account(named | more))
    result = paperboy("try", LISTING, "--most", "1", "--stack", "papers", "--json", LLM_MODEL="mine")
    request = endpoint.requests[0]
    assert ("theirs", False, 77) == (request["model"], request["think"], request["max_tokens"])
    assert "Bearer sk-of-the-stack" == endpoint.headers[0]["Authorization"]
    assert "not in English" in json.loads(result.stdout)[0]["reason"]


@pytest.mark.parametrize(
    ("account", "said"),
    [
        (Account({"Summarizer": "none"}), "the stack papers has no model: its parameter Summarizer is none."),
        (
            Account({"Summarizer": "openai", "LlmBaseUrl": "http://127.0.0.1:9", "LlmModel": "m"}, refuse=True),
            "the key in /papers/llm-api-key could not be read: ClientError: AWS does not permit GetParameter",
        ),
    ],
    ids=["no model", "no way to the key"],
)
def test_a_stack_without_a_way_to_its_model(monkeypatch: pytest.MonkeyPatch, account: Account, said: str) -> None:
    """A stack that has no model, and a key that may not be read, are each one sentence before the first paper."""
    in_aws(monkeypatch, account)
    error = paperboy("try", LISTING, "--stack", "papers").exception
    assert isinstance(error, PaperboyError)
    assert str(error).startswith(said)


@contextmanager
def bedrock(answer: object, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A Bedrock on loopback: its address, and the paths that were asked for."""
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            paths.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", paths
        server.shutdown()


def test_a_model_on_bedrock(monkeypatch: pytest.MonkeyPatch) -> None:
    """SUMMARIZER=bedrock asks Bedrock with the environment's own credentials, and counts its requests."""
    content = [{"text": json.dumps(REPLY)}]
    answer = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 900, "outputTokens": 100, "totalTokens": 1000},
    }
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "ap-northeast-1"}
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with bedrock(answer) as (url, paths):
        own = {"SUMMARIZER": "bedrock", "BEDROCK_MODEL": "qwen.q", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url}
        result = paperboy("try", LISTING, "--most", "1", "--json", **own, **keys)
    (told,) = json.loads(result.stdout)
    assert ("model", 1, 1, 900, 100) == tuple(told[name] for name in ("rung", "requests", "calls", *KEYS[6:8]))
    assert ["/model/qwen.q/converse"] == paths


def test_bedrock_without_a_region() -> None:
    """A region that is missing is said in one sentence."""
    nowhere = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    unset = dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"))
    environment: Any = {"SUMMARIZER": "bedrock", "BEDROCK_MODEL": "qwen.q", **nowhere, **unset}
    assert "no AWS region is set" in str(paperboy("try", LISTING, **environment).exception)


# A day in place of a file


def test_a_day_is_ranked_and_rendered_as_its_file_is(upstreams: tuple[str, sample.Recorded]) -> None:
    """A day's live listing has the ranking and the page of the same listing in a file; no --date is needed."""
    url, _ = upstreams
    live = paperboy("rank", "2026-02-03", "--json", HF_BASE_URL=url)
    assert paperboy("rank", LISTING, "--json").stdout == live.stdout
    page = paperboy("render", "2026-02-03", HF_BASE_URL=url)
    assert paperboy("render", LISTING, "--date", "2026-02-03").stdout_bytes == page.stdout_bytes
    (told,) = json.loads(
        paperboy(
            *("try", "2026-02-04", "--most", "1", "--json"),
            HF_BASE_URL=url,
            LLM_BASE_URL=f"{url}/v1",
            LLM_MODEL="sample",
        ).stdout
    )
    assert "model" == told["rung"]


@contextmanager
def source(status: int, answer: object) -> Iterator[tuple[str, list[Any]]]:
    """A source that answers one thing: its address, and the headers of what was asked."""
    asked: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.mark.parametrize("command", ["rank", "render"])
def test_a_day_that_cannot_be_had(command: str) -> None:
    """A day that is not listed yet, one without papers and a source that refuses are each one sentence."""
    newest = str(today())
    with source(400, {"error": "no"}) as (url, _):
        error = str(paperboy(command, newest, HF_BASE_URL=url).exception)
        assert error == f"{newest} is not listed yet at {url}: ask for a day that has begun there (UTC)."
    with source(200, []) as (url, _):
        error = str(paperboy(command, "2026-02-01", HF_BASE_URL=url).exception)
        assert error == "2026-02-01 has no papers, as a weekend may: ask for another day."
    with source(403, {"error": "not you"}) as (url, _):
        error = str(paperboy(command, "2026-02-01", HF_BASE_URL=url).exception)
        assert error.startswith(f"the listing of 2026-02-01 could not be had: {url}")
        assert "HF_BASE_URL names another source" in error


@pytest.mark.parametrize("command", ["rank", "render", "try"])
def test_a_day_that_is_yet_to_come(command: str) -> None:
    """A day that has not begun where the readers are is refused, and the source is not asked."""
    model = {"LLM_BASE_URL": "http://127.0.0.1:9/v1", "LLM_MODEL": "none"}
    with source(200, []) as (url, asked):
        error = str(paperboy(command, "2099-01-01", HF_BASE_URL=url, **model).exception)
    assert error == f"2099-01-01 is yet to come: {today()} is the last day to ask for."
    assert [] == asked


def test_the_token_of_the_environment() -> None:
    """HF_TOKEN is sent to the source where it is set, and a refusal of it names the variable."""
    token = {"HF_TOKEN": "hf_1"}
    with source(401, {"error": "who"}) as (url, asked):
        error = str(paperboy("rank", "2026-02-01", HF_BASE_URL=url, **token).exception)
    assert "Bearer hf_1" == asked[0]["Authorization"]
    assert "it refused the token in HF_TOKEN" in error
    assert "hf_1" not in error


def test_a_source_that_is_no_address() -> None:
    """HF_BASE_URL without a scheme is told with what it has to be."""
    error = str(paperboy("rank", "2026-02-01", HF_BASE_URL="huggingface.co").exception)
    assert "HF_BASE_URL is 'huggingface.co'; it has to be an address such as https://huggingface.co." == error
