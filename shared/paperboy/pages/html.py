"""The page of a day's digest to open in a browser: one file that asks for nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from itertools import accumulate

from paperboy.days.digest import Digest
from paperboy.languages.language import Labels, Language
from paperboy.pages.templates import PAGES, common, points, templates
from paperboy.pages.text import notice, other_language, title
from paperboy.papers.paper import LAST_AUTHORS, Authors
from paperboy.papers.ranking import Parts
from paperboy.summaries.usage import Usage

MAX_LEFT_OUT = 3
"""How many of the papers that the cut left out the page names."""
FIRST_NAMES, LAST_NAMES = 3, 2
"""How many of a paper's first and last authors are seen before all of them are."""


def write(digest: Digest, language: Language, root: str = "../") -> str:
    """The digest to read: its papers at a glance, each in its own language with its score's parts, and the receipt.

    `root` leads from where it will lie to where the keys begin.
    """
    all_parts = [entry.ranked.parts for entry in digest.entries]
    return (
        templates()
        .get_template("digest.html")
        .render(
            common(language, PAGES / "digest.js"),
            digest=digest,
            root=root,
            last_authors=LAST_AUTHORS,
            left_out=digest.left_out[:MAX_LEFT_OUT],
            usage=_usage(digest.usage, language.labels),
            notice=notice,
            other_language=other_language,
            title_of=title,
            adds_up=_adds_up,
            bar=partial(_bar, most=max((parts.total for parts in all_parts), default=0)),
            parts_used=[part for part in Parts.model_fields if any(getattr(parts, part) for parts in all_parts)],
            shown=_shown,
        )
    )


def _usage(usage: Usage, labels: Labels) -> str:
    """What a day's summaries took, money only where its price is known; empty where no model was called."""
    if not usage.calls:
        return ""
    label = labels.usage_priced if usage.cost else labels.usage
    return label.format(calls=f"{usage.calls:,}", tokens=f"{usage.tokens:,}", dollars=_dollars(usage.cost))


def _dollars(cost: int) -> str:
    """Millionths of a dollar in dollars: to the cent, and a sum below ten cents to its second digit."""
    dollars = Decimal(cost).scaleb(-6)
    return f"{dollars:,.{min(6, max(2, 1 - dollars.adjusted()))}f}"


def _adds_up(parts: Mapping[str, float], score: float) -> bool:
    """Whether the parts as the page shows them, each rounded, add up to the score."""
    return points(sum(float(points(part)) for part in parts.values())) == points(score)


def _bar(parts: Parts, most: float) -> list[tuple[str, float, float]]:
    """The stretches of a score's bar, by part: where each begins and how long it is, in hundredths of the `most`."""
    lengths = {name: 100 * points / most for name, points in parts if points}
    starts = accumulate(lengths.values(), initial=0.0)
    return [(name, round(start, 1), round(lengths[name], 1)) for name, start in zip(lengths, starts, strict=False)]


def _shown(authors: Authors) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The first authors and the last that are seen at once; all of them are first ones where they are few."""
    few = authors.count <= FIRST_NAMES + LAST_NAMES
    return (authors.names, ()) if few else (authors.names[:FIRST_NAMES], authors.names[-LAST_NAMES:])
