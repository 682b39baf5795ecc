"""What each function is told by its environment."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from paperboy.language import Code
from paperboy.usage import Price
from paperboy.wrong import in_words

Name = Annotated[str, StringConstraints(min_length=1)]
Summarizer = Literal["bedrock", "openai", "none"]
Address = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


class SettingsError(Exception):
    """A variable of the environment is missing or bad; the message names it."""


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {name!r}") from error
    return name


class Settings(BaseModel):
    """The variables of one function. Read on first use, never at import."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def load(cls) -> Self:
        """The settings from the environment. Raises SettingsError that names each bad variable."""
        try:
            return cls.model_validate(dict(os.environ))
        except ValidationError as error:
            raise SettingsError(f"environment of this function: {in_words(error)}") from None


class IngestSettings(Settings):
    table: Name = Field(alias="TABLE_NAME")
    source_url: Address = Field(alias="HF_BASE_URL")
    time_zone: Annotated[Name, AfterValidator(_time_zone)] = Field(alias="TIME_ZONE")
    token_name: str = Field(alias="HF_TOKEN_NAME", default="")
    summarizer: Summarizer = Field(alias="SUMMARIZER")
    language: Code = Field(alias="LANGUAGE")


class ScoreSettings(Settings):
    table: Name = Field(alias="TABLE_NAME")
    queue_url: Address = Field(alias="QUEUE_URL")
    calls_per_run: Annotated[int, Field(ge=0)] = Field(alias="MAX_MODEL_CALLS_PER_RUN", default=0)


class SummarizeSettings(Settings):
    table: Name = Field(alias="TABLE_NAME")
    summarizer: Summarizer = Field(alias="SUMMARIZER")
    language: Code = Field(alias="LANGUAGE")
    bedrock_model: str = Field(alias="BEDROCK_MODEL", default="")
    key_name: str = Field(alias="LLM_KEY_NAME", default="")
    model_url: Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$")] = Field(alias="LLM_BASE_URL", default="")
    model: str = Field(alias="LLM_MODEL", default="")
    price_input: Price = Field(alias="PRICE_INPUT", default=Decimal(0))
    price_output: Price = Field(alias="PRICE_OUTPUT", default=Decimal(0))
    tokens_per_month: Annotated[int, Field(ge=0)] = Field(alias="MAX_TOKENS_PER_MONTH", default=0)
    cost_per_month: Price = Field(alias="MAX_COST_PER_MONTH", default=Decimal(0))


class RenderSettings(Settings):
    table: Name = Field(alias="TABLE_NAME")
    bucket: Name = Field(alias="BUCKET_NAME")
    language: Code = Field(alias="LANGUAGE")
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]*$")] = Field(alias="PAGES_PREFIX", default="")
