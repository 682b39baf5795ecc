"""The pages across days to open in a browser: what they have in common."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from paperboy.archive import FOLDER
from paperboy.archive.site import INDEX_KEY, SEARCH_KEY, month_page_key, year_page_key
from paperboy.languages.language import Language
from paperboy.pages.site import HTML, Page, digest_key, root_of
from paperboy.pages.templates import common, templates


def html_page(
    key: str,
    template: str,
    language: Language,
    day: dt.date,
    script: Path | None = None,
    sources: str = "",
    **values: object,
) -> Page:
    """The page at `key`, of the newest `day` that it is about, written with a template of this folder and its `values`.

    In templates `root` leads to where the keys begin, which are made as everywhere else. `script` and `sources` are as
    `paperboy.pages.templates.common` takes them.
    """
    place: dict[str, object] = {"root": root_of(key), "index_key": INDEX_KEY, "search_key": SEARCH_KEY}
    place |= {"digest_key": digest_key, "month_page_key": month_page_key, "year_page_key": year_page_key}
    own = common(language, script, FOLDER / "style.css", sources)
    return Page(key, HTML.content_type, templates(FOLDER).get_template(template).render(own, **place, **values), day)
