"""What a reader sees of a text that somebody else wrote."""

from __future__ import annotations

import re

UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # control characters
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing
    r"\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # what has no width
    r"\u2028\u2029"  # line and paragraph separators
    r"\ud800-\udfff\ufffe\uffff]+"  # what is no character at all, and XML forbids
)
"""Characters that are no part of what a reader sees. Joiners are: they make emoji and scripts."""

HIDDEN = re.compile(
    rf"{UNSEEN.pattern}"
    r"|[\u00ad\u034f\u200c\u200d\u180b-\u180f"  # a hyphen for the end of a line alone, and joiners
    r"\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters and a Braille pattern that are blank
    r"\ufe00-\ufe0f\U000e0100-\U000e01ef]+"  # what chooses the shape of the character before
)
"""Characters that show nothing by themselves. Chinese and English can do without all of them."""


def whole(text: str) -> str:
    """`text` as valid Unicode: half of a surrogate pair, which JSON can hold, is replaced by a mark."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def unhidden(text: str) -> str:
    """`text` without the characters that show nothing; its white space stays as it is."""
    return HIDDEN.sub(lambda run: "".join(filter(str.isspace, run[0])), text)


def seen(text: str) -> str:
    """`text` as a reader sees it: without what is hidden, each run of white space a single space or line break."""
    lines = (" ".join(line.split()) for line in unhidden(text).splitlines())
    return "\n".join(filter(None, lines))
