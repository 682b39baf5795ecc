"""What each function is told by its environment."""

from __future__ import annotations

import os
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from paperboy.wrong import in_words

Name = Annotated[str, StringConstraints(min_length=1)]
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
    summarizer: Literal["openai", "none"] = Field(alias="SUMMARIZER")


class ScoreSettings(Settings):
    table: Name = Field(alias="TABLE_NAME")
    queue_url: Address = Field(alias="QUEUE_URL")


class SummarizeSettings(Settings):
    table: Name = Field(alias="TABLE_NAME")
    summarizer: Literal["openai", "none"] = Field(alias="SUMMARIZER")
    model_url: Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$")] = Field(alias="LLM_BASE_URL", default="")
    model: str = Field(alias="LLM_MODEL", default="")


class RenderSettings(Settings):
    table: Name = Field(alias="TABLE_NAME")
    bucket: Name = Field(alias="BUCKET_NAME")
