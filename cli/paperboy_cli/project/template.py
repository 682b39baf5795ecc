"""The parameters of the project's template, and the values that a person sets for them."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from paperboy_cli.errors import PaperboyError
from paperboy_cli.project.folder import ROOT

TEMPLATE = ROOT / "template.yaml"
JSON_PARAMETER = "LlmExtra"
"""The parameter that is a JSON object."""
TIME_ZONE_PARAMETER = "TimeZone"
PRICES = ("PriceInput", "PriceOutput")
OPEN_PREFIX = "pages"
"""The pages' prefix that everybody knows."""


class _Loader(yaml.SafeLoader):
    """Reads a template and makes nothing of CloudFormation's own tags: no parameter has one."""


_Loader.add_multi_constructor("!", lambda *_: None)


@cache
def parameters() -> dict[str, dict[str, Any]]:
    """The template's parameters by name."""
    template = yaml.load(TEMPLATE.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader
    by_name: dict[str, dict[str, Any]] = template["Parameters"]
    return by_name


def defaults() -> dict[str, str]:
    """Each parameter's default."""
    return {name: str(parameter["Default"]) for name, parameter in parameters().items()}


def read_settings(settings: Iterable[str]) -> dict[str, str]:
    """The values of `NAME=VALUE` settings. Raises PaperboyError for what is no parameter, or a value it cannot have."""
    values = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise PaperboyError(f"--set {setting}: write it as NAME=VALUE.")
        if name not in parameters():
            raise PaperboyError(
                f"--set {setting}: the template has no parameter {name}, only {', '.join(parameters())}."
            )
        try:
            values[name] = parameter_value(name, value)
        except ValueError as error:
            raise PaperboyError(f"--set {setting}: {name} {error}.") from error
    return values


def acceptable(values: Mapping[str, str]) -> dict[str, str]:
    """Those of `values` that the template has a parameter for which can have them."""
    good = {}
    for name, value in values.items():
        with contextlib.suppress(KeyError, ValueError):
            good[name] = parameter_value(name, value)
    return good


def parameter_value(name: str, text: str) -> str:
    """The parameter's value that a person writes as `text`, so that `sam deploy` can carry it.

    Raises ValueError with what it has to be: the end of a sentence that begins with its name.
    """
    value = json_value(text) if name == JSON_PARAMETER else text
    if name == TIME_ZONE_PARAMETER and not _is_time_zone(value):
        raise ValueError("has to be the name of a time zone such as Europe/Berlin")
    if expected := _expectation(parameters()[name], value):
        raise ValueError(f"has to be {expected}")
    if name != JSON_PARAMETER and re.search(r'["\\]', value):
        raise ValueError("can hold neither quotes nor backslashes")
    return value


def json_value(text: str) -> str:
    r"""A JSON object written so that no quote or space has a backslash before it; nothing where it is empty.

    SAM CLI takes such a backslash off (`_unquote_wrapped_quotes`). Raises ValueError for what is no object.
    """
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"has to be a JSON object, or nothing: {error}") from error
    match value:
        case {}:
            written = json.dumps(value).replace(r"\\", r"\u005c").replace(r"\"", r"\u0022")
            return written if value else ""
    raise ValueError(f"has to be a JSON object, or nothing, and is a JSON {type(value).__name__}")


def parameters_with(settings: Mapping[str, str], own: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Every parameter's value: what was set, else what the host has of its `own`, else the template's default.

    The default prices are those of the default model. What an endpoint asks for is unknown until it is set.
    """
    values = {**defaults(), **own, **settings}
    if values["Summarizer"] == "openai":
        values |= {price: settings.get(price) or own.get(price) or "0" for price in PRICES}
    return values


def check_parameters(values: Mapping[str, str]) -> None:
    """Hold the parameters of a stack against the template's rules, before anything is built.

    Raises PaperboyError for values that are good by themselves and do not go together.
    """
    for set_one, other in (("LlmBaseUrl", "LlmModel"), ("LlmModel", "LlmBaseUrl")):
        if values[set_one] and not values[other]:
            raise PaperboyError(
                f"{set_one} is set and {other} is not, and an endpoint has an address and a model:"
                " --set both, or --unset both."
            )
    if values["Summarizer"] == "openai" and not values["LlmBaseUrl"]:
        raise PaperboyError("Summarizer openai needs an endpoint: set LlmBaseUrl and LlmModel.")
    if values["Access"] == "unlisted" and values["PagesPrefix"] == OPEN_PREFIX:
        raise PaperboyError("Access unlisted needs a PagesPrefix that nobody can guess: 16 to 64 letters and digits.")


def _is_time_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):  # no such zone; no name of one; a folder of zones
        return False


def _expectation(parameter: dict[str, Any], value: str) -> str | None:
    """What a parameter has to be and `value` is not; None where it is."""
    if allowed := [str(each) for each in parameter.get("AllowedValues", [])]:
        return None if value in allowed else f"one of {', '.join(allowed)}"
    if parameter["Type"] == "Number":
        least, most = float(parameter.get("MinValue", "-inf")), float(parameter.get("MaxValue", "inf"))
        try:
            return None if least <= float(value) <= most else f"a number from {least:g} to {most:g}"
        except ValueError:
            return "a number"
    pattern = parameter.get("AllowedPattern", "(?s).*")
    description: str = parameter.get("ConstraintDescription") or f"text that matches {pattern}"
    return None if re.fullmatch(pattern, value) else description.rstrip(".")
