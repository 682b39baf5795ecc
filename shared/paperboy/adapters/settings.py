"""The settings of each function, read from its environment."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from paperboy.errors import validation_message
from paperboy.languages.language import Code
from paperboy.summaries.usage import DEFAULT_OUTPUT_TOKENS, Limits, Price, Prices

Name = Annotated[str, StringConstraints(min_length=1)]
Access = Literal["private", "unlisted", "public"]
Summarizer = Literal["bedrock", "openai", "none"]
Address = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


class SettingsError(Exception):
    """A variable of the environment is missing or bad; the message names it."""


def _time_zone(name: str) -> ZoneInfo:
    """The zone of that name; pydantic's own check lets the name of a folder of zones through as an OSError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {name!r}") from error


def _json_object(text: str) -> object:
    """The object in a variable's text; none where that is empty."""
    try:
        return json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"expected a JSON object: {error}") from error


class Settings(BaseModel):
    """The variables of one function. Read on first use, never at import."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def load(cls) -> Self:
        """The settings from the environment. Raises SettingsError that names each bad variable."""
        try:
            return cls.model_validate(dict(os.environ))
        except ValidationError as error:
            raise SettingsError(f"environment of this function: {validation_message(error)}") from None


class _Summaries(BaseModel):
    """What writes the summaries, and in which language."""

    summarizer: Summarizer = Field(alias="SUMMARIZER")
    language: Code = Field(alias="LANGUAGE")
    bedrock_model: str = Field(alias="BEDROCK_MODEL", default="")
    llm_model: str = Field(alias="LLM_MODEL", default="")

    @property
    def model_name(self) -> str | None:
        """The name of the model that is configured; None where there is none."""
        return {"bedrock": self.bedrock_model, "openai": self.llm_model, "none": None}[self.summarizer]


class IngestSettings(_Summaries, Settings):
    table: Name = Field(alias="TABLE_NAME")
    source_url: Address = Field(alias="HF_BASE_URL")
    time_zone: Annotated[ZoneInfo, BeforeValidator(_time_zone)] = Field(alias="TIME_ZONE")
    source_token_name: str = Field(alias="HF_TOKEN_NAME", default="")


class ScoreSettings(Settings):
    table: Name = Field(alias="TABLE_NAME")
    queue_url: Address = Field(alias="QUEUE_URL")
    max_calls_per_run: Annotated[int, Field(ge=0)] = Field(alias="MAX_MODEL_CALLS_PER_RUN", default=0)


class SummarizeSettings(_Summaries, Settings):
    table: Name = Field(alias="TABLE_NAME")
    queue_url: Address = Field(alias="QUEUE_URL")
    llm_key_name: str = Field(alias="LLM_KEY_NAME", default="")
    llm_url: Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$")] = Field(alias="LLM_BASE_URL", default="")
    llm_extra: Annotated[dict[str, JsonValue], BeforeValidator(_json_object)] = Field(
        alias="LLM_EXTRA", default_factory=dict
    )
    """Fields that every request to the endpoint has besides ours, as a JSON object."""
    max_output_tokens: Annotated[int, Field(ge=1)] = Field(alias="MAX_OUTPUT_TOKENS", default=DEFAULT_OUTPUT_TOKENS)
    price_input: Price = Field(alias="PRICE_INPUT", default=Decimal(0))
    price_output: Price = Field(alias="PRICE_OUTPUT", default=Decimal(0))
    max_tokens_per_month: Annotated[int, Field(ge=0)] = Field(alias="MAX_TOKENS_PER_MONTH", default=0)
    max_cost_per_month: Price = Field(alias="MAX_COST_PER_MONTH", default=Decimal(0))

    @property
    def prices(self) -> Prices:
        return Prices(input=self.price_input, output=self.price_output)

    @property
    def limits(self) -> Limits:
        return Limits(tokens=self.max_tokens_per_month, cost=int(self.max_cost_per_month * 1_000_000))


class _Pages(BaseModel):
    """Where the pages are, and in which language."""

    table: Name = Field(alias="TABLE_NAME")
    bucket: Name = Field(alias="BUCKET_NAME")
    language: Code = Field(alias="LANGUAGE")
    pages_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")] = Field(alias="PAGES_PREFIX")


class RenderSettings(_Pages, Settings):
    pass


class _Site(_Pages):
    """Where readers find the pages, and who may read them."""

    access: Access = Field(alias="ACCESS")
    pages_url: Annotated[str, StringConstraints(pattern=r"^(https?://\S+[^/\s])?$")] = Field(
        alias="PAGES_URL", default=""
    )
    """Where readers find the pages' folder; empty in an emulator, where it is what the bucket is reached at."""

    def readers_address(self, own: str) -> str | None:
        """Where readers find the pages' folder, `own` being where this program does; None where it is private."""
        return None if self.access == "private" else self.pages_url or own


class CatalogSettings(_Site, Settings):
    pass


class AnnounceSettings(_Site, Settings):
    queue_url: Address = Field(alias="QUEUE_URL")
    channels_name: Name = Field(alias="CHANNELS_NAME")
    """The folder of Parameter Store that has a parameter for each channel."""
    time_zone: Annotated[ZoneInfo, BeforeValidator(_time_zone)] = Field(alias="TIME_ZONE")
