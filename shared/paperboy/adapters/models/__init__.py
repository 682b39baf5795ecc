"""Providers of language models, one module each; `paperboy.summaries.model.Model` is what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paperboy.summaries.reply import schema_of

if TYPE_CHECKING:
    from paperboy.adapters.settings import SummarizeSettings
    from paperboy.languages.language import Language
    from paperboy.summaries.model import Model


def load_model(settings: SummarizeSettings, language: Language) -> Model | None:
    """The model that is configured. Only its provider is loaded: an unused library is paid for at each cold start."""
    schema = schema_of(language)
    match settings.summarizer:
        case "bedrock":
            from paperboy.adapters.models.bedrock import Bedrock

            return Bedrock(settings.bedrock_model, schema, max_output_tokens=settings.max_output_tokens)
        case "openai":
            from paperboy.adapters.models.openai import OpenAI
            from paperboy.adapters.secret import Secret

            key = Secret(settings.llm_key_name) if settings.llm_key_name else None
            return OpenAI(
                settings.llm_url,
                settings.llm_model,
                schema,
                key,
                max_output_tokens=settings.max_output_tokens,
                extra=settings.llm_extra,
            )
        case "none":
            return None
