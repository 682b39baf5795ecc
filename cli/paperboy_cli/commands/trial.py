"""A trial: papers through a model with a stack's own prompt, checks and repair, and what each reply came to."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from paperboy.adapters.pacing import Pacer
from paperboy.adapters.secret import Secret
from paperboy.adapters.settings import SummarizeSettings
from paperboy.errors import SecretError, validation_message
from paperboy.languages.language import Language
from paperboy.summaries.dialogue import Answer, Outcome, summarize
from paperboy.summaries.model import NO_TOKENS, Completion, Model, ModelError, ThrottledError
from paperboy.summaries.reply import ReplyError, read_reply, schema_of
from paperboy.summaries.request import MAX_CALLS_PER_PAPER
from paperboy.summaries.usage import Prices, Usage
from paperboy_cli.commands.inputs import load_own_language
from paperboy_cli.errors import PaperboyError
from paperboy_cli.project.settings import laptop_variables
from paperboy_cli.stack.cloud import Cloud, sentence
from paperboy_cli.stack.keys import EnvironmentKey, parameter_name

if TYPE_CHECKING:
    from paperboy.papers.paper import Paper
    from paperboy.summaries.prompt import Message
    from paperboy_cli.stack.host import Host, Stack

MAX_WAIT_SECONDS = 60.0
"""How long a call waits for a provider that has no room."""
VARIABLES = (
    "SUMMARIZER",
    "BEDROCK_MODEL",
    "LLM_BASE_URL",
    "LLM_MODEL",
    "LLM_EXTRA",
    "MAX_OUTPUT_TOKENS",
    "PRICE_INPUT",
    "PRICE_OUTPUT",
)
"""What the environment can say of a model, besides its key."""
PARAMETERS = {"".join(word.capitalize() for word in name.split("_")): name for name in VARIABLES}
"""The parameters of a stack that say the same."""
EXAMPLE = "such as LLM_BASE_URL=http://127.0.0.1:11434/v1 LLM_MODEL=qwen3:8b"
NEEDED = {
    "openai": {
        "LLM_BASE_URL": f"name the endpoint and its model, {EXAMPLE}",
        "LLM_MODEL": "name the model that the endpoint serves, such as LLM_MODEL=qwen3:8b",
    },
    "bedrock": {"BEDROCK_MODEL": "name the model, such as BEDROCK_MODEL=qwen.qwen3-235b-a22b-2507-v1:0"},
}
"""What each summarizer cannot do without, and what to do where it is missing."""


class _Settings(SummarizeSettings):
    """What a model is loaded by: summarize's settings without what is the stack's own."""

    table: str = ""
    queue_url: str = ""


@dataclass
class Requests:
    """How many requests a provider has sent, tries and request variants that were refused among them."""

    sent: int = 0

    def count(self, **_: object) -> None:
        """Count one. As botocore's handler it must not return anything, which would count as the answer."""
        self.sent += 1


@dataclass(frozen=True)
class Candidate:
    """A model that is tried, and what its texts and prices are measured by."""

    model: Model
    provider: str
    """Where the model is, in words."""
    language: Language
    prices: Prices
    requests: Requests = field(default_factory=Requests)
    pacer: Pacer = field(default_factory=Pacer)


@dataclass(frozen=True)
class Reply:
    """A model's reply as it came."""

    text: str
    refusal: str | None
    """Why it is no summary, or None where it is one."""


@dataclass(frozen=True)
class Trial:
    """What came of one paper."""

    paper: Paper
    outcome: Outcome
    replies: tuple[Reply, ...]
    requests: int
    seconds: float
    counted: bool
    """Whether the provider said of each call what it took."""

    @property
    def by_model(self) -> bool:
        """Whether the model tells of the paper, at once or after a repair."""
        return not self.outcome.summary.rung.low

    def as_json(self) -> dict[str, object]:
        """The same for a program; tokens that nobody has counted are null."""
        outcome, usage = self.outcome, self.outcome.usage
        return {
            "id": self.paper.id,
            "rung": outcome.summary.rung,
            "reason": outcome.reason,
            "refusals": outcome.refusals,
            "requests": self.requests,
            "calls": usage.calls,
            "input_tokens": usage.input_tokens if self.counted else None,
            "output_tokens": usage.output_tokens if self.counted else None,
            "seconds": round(self.seconds, 2),
            "summary": outcome.summary.model_dump(mode="json", include={"title", "summary", "highlights"}),
            "replies": [reply.text for reply in self.replies],
        }


def try_paper(candidate: Candidate, paper: Paper, on_reply: Callable[[Reply], object]) -> Trial:
    """Have the candidate tell of a paper, as summarize would without a budget; `on_reply` gets each reply at once."""
    replies: list[Reply] = []
    counted = True

    def ask(messages: tuple[Message, ...]) -> Answer:
        nonlocal counted
        content: Completion | ModelError
        try:
            content = candidate.model.complete(messages)
        except ThrottledError as error:
            content = error
            if error.usage == NO_TOKENS:  # the model was not called, and is once more
                return Answer(error, Usage())
        except ModelError as error:
            content = error
        else:
            replies.append(Reply(content.text, _refusal(content, paper, candidate.language)))
            on_reply(replies[-1])
        counted &= content.usage is not None
        return Answer(content, candidate.prices.priced(content.usage or NO_TOKENS))

    def call(messages: tuple[Message, ...]) -> Answer:
        return candidate.pacer.call(lambda: ask(messages), time.monotonic() + MAX_WAIT_SECONDS)

    sent, begun = candidate.requests.sent, time.monotonic()
    outcome = summarize(paper, candidate.language, call, MAX_CALLS_PER_PAPER, can_wait=False)
    seconds = time.monotonic() - begun
    return Trial(paper, outcome, tuple(replies), candidate.requests.sent - sent, seconds, counted)


def _refusal(completion: Completion, paper: Paper, language: Language) -> str | None:
    """Why a reply is no summary: the dialogue keeps the reason of one reply alone."""
    try:
        read_reply(completion.text, paper, language)
    except ReplyError as error:
        return str(error)
    except Exception as error:
        return f"reply: it could not be read: {type(error).__name__}"
    return None


# Which model


@contextmanager
def candidate_of_environment(language: str | None) -> Iterator[Candidate]:
    """The model that the environment names. Raises PaperboyError that says what to set where it names none."""
    values = laptop_variables() | {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    values.setdefault("SUMMARIZER", "openai" if "LLM_BASE_URL" in values else "none")
    settings = _settings(values | {"LANGUAGE": load_own_language(language or "zh").code}, "the environment")
    if settings.summarizer == "none":
        raise PaperboyError(
            f"no model is configured: set LLM_BASE_URL and LLM_MODEL, {EXAMPLE}, and LLM_API_KEY for its key;"
            " or SUMMARIZER=bedrock and BEDROCK_MODEL; or name a stack in AWS with --stack."
        )
    if missing := [name for name in NEEDED[settings.summarizer] if name not in values]:
        raise PaperboyError(f"{missing[0]} is not set: {NEEDED[settings.summarizer][missing[0]]}.")
    with _candidate(settings, EnvironmentKey("LLM_API_KEY"), Cloud()) as candidate:
        yield candidate


@contextmanager
def candidate_of_stack(host: Host, stack: Stack, language: str | None) -> Iterator[Candidate]:
    """The model of a stack, with the stack's key. Raises PaperboyError where there is none, or no way to it."""
    with host.explained():
        settings = _settings_of(host.describe(stack).parameters, language, f"the stack {stack.name}")
        if settings.summarizer == "none":
            raise PaperboyError(f"the stack {stack.name} has no model: its parameter Summarizer is none.")
        key = Secret(parameter_name(stack, "LLM_API_KEY"), host.client("ssm"))
        if settings.summarizer == "openai":
            try:
                key.value()  # once for all, before the first paper
            except SecretError as error:
                cause = error.__cause__
                ending = f": {sentence(cause)}" if isinstance(cause, BotoCoreError | ClientError) else "."
                raise PaperboyError(f"{error}{ending}") from error
    with _candidate(settings, key, host) as candidate:
        yield candidate


@contextmanager
def candidate_of_parameters(parameters: Mapping[str, str]) -> Iterator[Candidate]:
    """The model that parameters name, with the environment's key. Raises PaperboyError where they name none."""
    settings = _settings_of(parameters, None, "what is set")
    with _candidate(settings, EnvironmentKey("LLM_API_KEY"), Cloud()) as candidate:
        yield candidate


def _settings_of(parameters: Mapping[str, str], language: str | None, whose: str) -> _Settings:
    """The settings in a stack's parameters, for another `language` than its own where one is named."""
    values = {variable: parameters[name] for name, variable in PARAMETERS.items() if parameters.get(name)}
    code = load_own_language(language or parameters.get("Language", "zh")).code
    return _settings(values | {"LANGUAGE": code}, whose)


def _settings(values: Mapping[str, str], whose: str) -> _Settings:
    try:
        return _Settings.model_validate(dict(values))
    except ValidationError as error:
        raise PaperboyError(f"{whose} names no model: {validation_message(error)}; write it {EXAMPLE}.") from error


@contextmanager
def _candidate(settings: _Settings, key: Secret, host: Host) -> Iterator[Candidate]:
    """The model of the settings, whose requests are counted in here."""
    language = load_own_language(settings.language)
    schema, most, requests = schema_of(language), settings.max_output_tokens, Requests()
    if settings.summarizer == "bedrock":
        from paperboy.adapters.models.bedrock import BEDROCK_CONFIG, Bedrock

        with host.explained():
            client = host.client("bedrock-runtime", BEDROCK_CONFIG)
        client.meta.events.register("before-send.bedrock-runtime.Converse", requests.count)
        bedrock = Bedrock(settings.bedrock_model, schema, client, max_output_tokens=most)
        where = f"on Bedrock in {client.meta.region_name}"
        yield Candidate(bedrock, where, language, settings.prices, requests)
    else:
        from paperboy.adapters.models.openai import OpenAI

        endpoint = OpenAI(
            settings.llm_url, settings.llm_model, schema, key, max_output_tokens=most, extra=settings.llm_extra
        )
        with _counted(requests):
            yield Candidate(endpoint, f"at {settings.llm_url}", language, settings.prices, requests)


@contextmanager
def _counted(requests: Requests) -> Iterator[None]:
    """Count what goes out over HTTP in here. The provider's tries are below its client; its transport logs each one."""
    counter, log = _Counter(requests), logging.getLogger("httpcore.http11")
    level = log.level
    log.addHandler(counter)
    log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(counter)


class _Counter(logging.Handler):
    def __init__(self, requests: Requests) -> None:
        super().__init__()
        self._requests = requests

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message.startswith("send_request_headers.started") and "POST" in message:  # a proxy's CONNECT is none
            self._requests.count()
