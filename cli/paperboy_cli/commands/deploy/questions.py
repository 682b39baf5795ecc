"""What `paperboy deploy` asks of who deploys a stack for the first time: each with what it means."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import typer

from paperboy_cli.project import template
from paperboy_cli.terminal import console


@dataclass(frozen=True)
class Question:
    """A parameter of the template that is asked for."""

    parameter: str
    text: str
    """What the answer decides, in a line or two."""


SOURCE = Question("HfBaseUrl", "Where do the listings come from? This machine asks a mirror; AWS mostly needs none.")
LANGUAGE = Question("Language", "What are the digests told in? zh is Chinese, en is English.")
TIME_ZONE = Question("TimeZone", "Where are the readers? The digest comes out there at noon, for the day before.")
SUMMARIZER = Question(
    "Summarizer",
    "What writes the summaries? bedrock: a model on Amazon Bedrock, paid by this account, some ten US cents a month, no"
    " key; openai: one at an endpoint of your own, such as DeepSeek's; none: nothing, the texts stay English.",
)
ADDRESS = Question("LlmBaseUrl", "The endpoint's address, without /chat/completions, such as https://api.deepseek.com.")
MODEL_NAME = Question("LlmModel", "The model's name there.")
ACCESS = Question(
    "Access",
    "Who can read the pages? private: whoever you sign a link for, seven days at most; unlisted: whoever has the link,"
    " which nobody can guess, and which a phone can keep; public: everyone.",
)
MAIL = Question("AlarmEmail", "Where is it told when something is wrong? A mail address; empty: nowhere.")


WITH_ENDPOINT = ("LlmExtra", "MaxOutputTokens", "PriceInput", "PriceOutput")
"""What one endpoint needs and another does not."""


def can_ask() -> bool:
    """Whether a person is there to answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask_settings(given: Mapping[str, str], offered: Mapping[str, str]) -> dict[str, str]:
    """The answers to what is not `given` yet, by parameter; an answer that is the template's default is left out.

    Enter takes what is `offered`, else the default. With an endpoint that is offered goes what it was offered with.
    """
    defaults, answers = template.defaults(), dict[str, str]()
    usual = defaults | dict(offered)
    if ADDRESS.parameter in offered:
        usual[SUMMARIZER.parameter] = "openai"
    for question in _questions(dict(given), dict(offered), answers):
        if question.parameter not in given:
            answers[question.parameter] = ask(question, usual[question.parameter])
    if answers.get(ADDRESS.parameter, "") == offered.get(ADDRESS.parameter):
        answers |= {name: offered[name] for name in WITH_ENDPOINT if name in offered and name not in given}
    return {name: value for name, value in answers.items() if value != defaults[name]}


def _questions(given: dict[str, str], offered: dict[str, str], answers: dict[str, str]) -> Iterator[Question]:
    """The questions in their order; what an endpoint needs is asked only of who has chosen one."""
    if SOURCE.parameter in offered:
        yield SOURCE
    yield from (LANGUAGE, TIME_ZONE, SUMMARIZER)
    if (given | answers).get(SUMMARIZER.parameter) == "openai":
        yield from (ADDRESS, MODEL_NAME)
    yield from (ACCESS, MAIL)


def ask(question: Question, usual: str) -> str:
    """A person's answer, which the parameter can have; asked again until it is one. Enter takes the `usual` one."""
    parameter = template.parameters()[question.parameter]
    console.print(f"\n{question.text}")
    name = question.parameter
    if values := parameter.get("AllowedValues"):
        name += f" ({', '.join(values)})"
    while True:
        text: str = typer.prompt(name, default=usual, show_default=bool(usual))
        try:
            value = template.parameter_value(question.parameter, text.strip())
        except ValueError as error:
            console.print(f"It {error}.", style="yellow")
            continue
        if value or question is MAIL:
            return value
        console.print("It cannot be empty.", style="yellow")


def ask_key(variable: str) -> str:
    """A key, which is not shown while it is typed; empty where there is none."""
    console.print("\nThe endpoint's key is kept in your account's Parameter Store alone. Empty: it asks for none.")
    text: str = typer.prompt(variable, default="", hide_input=True, show_default=False)
    return text.strip()
