"""Sources of listings, one module each; `paperboy.papers.listing.Source` is what they have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from paperboy.adapters.secret import Secret
from paperboy.adapters.sources.hugging_face import HuggingFace

if TYPE_CHECKING:
    from paperboy.adapters.settings import IngestSettings
    from paperboy.papers.listing import Source


def load_source(settings: IngestSettings, warn: Callable[[str], object]) -> Source:
    """The source that is configured. `warn` is told what makes it work less well."""
    token = Secret(settings.source_token_name) if settings.source_token_name else None
    return HuggingFace(settings.source_url, token=token, warn=warn)
