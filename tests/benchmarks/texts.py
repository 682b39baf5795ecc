"""How the length of texts tells: long abstracts in the checks, and long replies where they are read.

.venv/bin/python -m tests.benchmarks.texts
"""

from __future__ import annotations

import contextlib
import json
import random
import string
import time
from collections.abc import Callable, Mapping

from paperboy.papers.paper import Paper
from paperboy.summaries.checks import refusals
from paperboy.summaries.reply import ReplyError, read_reply
from tests.benchmarks.common import benchmark, run, show, verdict
from tests.samples import EN, ENGLISH_REPLY, paper

ABSTRACT_SIZES = (5_000, 10_000, 20_000, 40_000)
REPLY_SIZES = (6_250, 12_500, 25_000, 50_000)
ROUNDS = 3
REACH = 3.0
"""Times per character of the longest text, of that of the shortest; what is quadratic has eight."""
HOW = f"""\
Abstracts, and replies, that are as bad as we know how to make them, at sizes that double: time per character, the
fastest of {ROUNDS}, and that of the longest text by that of the shortest. The texts that are checked are as long as
they may be."""

Make = Callable[[int], str]


def words(size: int, seed: int = 1, letters: str = string.ascii_lowercase) -> str:
    """Made-up words, a third of them with a capital."""
    dice = random.Random(seed)  # noqa: S311 - the same words each time
    made = ("".join(dice.choices(letters, k=dice.randint(2, 9))) for _ in range(size // 3))
    return " ".join(word.capitalize() if dice.random() < 0.3 else word for word in made)[:size]


def of(*parts: str) -> Make:
    """A text that repeats a beginning; what follows it stands once, at the end."""
    part, end = (*parts, "")[:2]
    return lambda size: (part * (size // len(part) + 1))[: size - len(end)] + end


ABSTRACTS: Mapping[str, Make] = {
    "made-up words": words,
    "words of two letters": lambda size: words(size, letters="ab"),
    "single letters": of("a B "),
    "one word": of("a"),
    "humps": of("aB"),
    "numbers": lambda size: " ".join(str(100_000 + number) for number in range(size // 7 + 1))[:size],
    "one number": of("9"),
    "thousands": of("111,", "1111"),
    "domains": of("a.b."),
    "accents": of("a\u0301\u0323"),
    "accents alone": of("\u0301\u0323"),
    "ligatures": of("\ufdfa"),
    "spaces": of("1 - ", "x"),
}
"""By what they are made of."""

REPLIES: Mapping[str, Make] = {
    "objects in objects": of('{"a":'),
    "objects that do not end": lambda size: ('{"a":' * (size // 50) + '["b",' + '"b",' * size)[:size],
    "a text that does not end": lambda size: ('{"a":' * (size // 50) + '"' + "b" * size)[:size],
    "whole objects": of('{"a":1} '),
    "braces": of("{"),
    "quotes": of('{"'),
    "backslashes": of("\\", "{"),
    "lone backslashes": of('{"a":"\\times'),
    "thoughts": of("</think>{"),
    "numbers": of('{"a":', "9" * 4000),
    "a whole reply": of(f"It says {{x}}. {json.dumps(ENGLISH_REPLY)}"),
}

LONGEST = {
    "title": words(EN.lengths.summary.most, 2).title(),
    "summary": words(EN.lengths.summary.most, 3).title(),
    "highlights.0": " ".join(str(900_000 + number) for number in range(EN.lengths.summary.most // 7)),
    "highlights.1": "a.b@c:/" * (EN.lengths.summary.most // 7),
}


def main() -> None:
    with benchmark("texts", HOW, seconds=300):
        show_growth("abstract of", ABSTRACT_SIZES, ABSTRACTS, check)
        show_growth("reply of", REPLY_SIZES, REPLIES, read)


def check(abstract: str) -> None:
    refusals(LONGEST, paper(abstract=abstract), EN)


def read(reply: str, about: Paper = paper()) -> None:  # noqa: B008 - papers are frozen
    with contextlib.suppress(ReplyError):
        read_reply(reply, about, EN)


def show_growth(what: str, sizes: tuple[int, ...], texts: Mapping[str, Make], use: Callable[[str], None]) -> None:
    rows = []
    for kind, make in texts.items():
        times = [fastest(use, make(size)) for size in sizes]
        per_character = [1e6 * seconds / size for seconds, size in zip(times, sizes, strict=True)]
        ratio = per_character[-1] / per_character[0]
        shown = [f"{each:.2f}" for each in per_character]
        rows.append([kind, *shown, f"{ratio:.2f}", f"≤ {REACH}", verdict(ratio, REACH), f"{1000 * times[-1]:.0f}"])
    columns = [what, *(f"µs a character of {size:,}" for size in sizes), "ratio", "reach", "", "ms for the longest"]
    show(columns, rows)


def fastest(use: Callable[[str], None], text: str) -> float:
    """Seconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        use(text)
        times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    run(main)
