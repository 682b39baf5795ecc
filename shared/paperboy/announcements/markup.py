"""The markup that each chat knows: how it is written, what in a text from outside would act as it, and how much fits.

Where a markup has no escape that every client honours, a character that could act is replaced by its full-width form:
it looks alike, and is no markup anywhere.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from paperboy.pages.text import visible

_LOOK_ALIKES = {char: char + 0xFEE0 for char in range(ord("!"), ord("~") + 1)} | {ord("."): "\u2024"}
"""The full-width form of each ASCII character. That of a dot still ends a host's name; a one-dot leader does not."""

_EVERYWHERE = (
    r"[@#]"  # a mention, a topic, a heading
    r"|:(?=//)"  # what apps make a link of by themselves: https://…
    r"|\.(?=[^\W\d_])|\.(?=\d+\.\d)"  # … and a host's name or number alone
)
_IN_MARKDOWN = (
    r"|[<>\[\]*_`~|\\]"  # tags, among them <at id=all> and <@user>; links, emphasis, code, tables
    r"|&(?=#?\w+;)"  # a tag that is written with entities
    r"|^[-+=]+|^\d+[.)]"  # a list, a rule, or the heading that the line before would become
)
_IN_TELEGRAM = r"|(?<!\S)/(?=\w)|\$(?=[A-Za-z])"  # a command, a share's name
_IN_AN_ADDRESS = re.compile(r"[^A-Za-z0-9:/?#@!$&+,=.%~_-]")
"""What could end an address, or an entity within it."""


def utf8_bytes(text: str) -> int:
    """The bytes that a text takes."""
    return len(text.encode())


def json_bytes(text: str) -> int:
    """The bytes that a text takes within JSON, where it is written with `ensure_ascii=False`."""
    return len(json.dumps(text, ensure_ascii=False).encode())


def utf16_units(text: str) -> int:
    """The characters of a text as Telegram counts them: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True)
class Markup:
    """A chat's markup."""

    limit: int
    """What a message's text takes at most, as `count` counts it; what is sent around it has its room besides."""
    count: Callable[[str], int]
    hazards: re.Pattern[str]
    """What could act in a line of text that somebody else wrote."""
    bold: str = "**{text}**"
    link: str = "[{text}]({address})"
    line_break: str = "\n"
    escape: Callable[[str], str] = str
    """For what is left, where the markup has an escape."""
    has_head: bool = False
    """Whether the chat shows a message's title above its text."""

    def plain(self, text: str) -> str:
        """A text from outside as a line that shows what it says, and does nothing."""
        return self.escape(self.hazards.sub(lambda found: found[0].translate(_LOOK_ALIKES), visible(text)))

    def strong(self, text: str) -> str:
        return self.bold.format(text=self.plain(text))

    def linked(self, text: str, address: str, before: str = "") -> str:
        """A link of ours, with what is ours `before` its text. What could end its address is written as %XX."""
        safe = _IN_AN_ADDRESS.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address)
        return self.link.format(text=before + self.plain(text), address=self.escape(safe))


_MARKDOWN = re.compile(_EVERYWHERE + _IN_MARKDOWN)

MARKUPS = {
    # Both take a body of 20,000 bytes: 5,000 are left for what is around the text.
    "feishu": Markup(15_000, json_bytes, _MARKDOWN, has_head=True),
    "dingtalk": Markup(15_000, json_bytes, _MARKDOWN, line_break="  \n"),
    "wecom": Markup(4_096, utf8_bytes, _MARKDOWN),
    # It counts what is left when tags are taken away; the text with its tags is never shorter.
    "telegram": Markup(
        4_096,
        utf16_units,
        re.compile(_EVERYWHERE + _IN_TELEGRAM),
        bold="<b>{text}</b>",
        link='<a href="{address}">{text}</a>',
        escape=html.escape,
    ),
}
"""The markup of each kind of chat."""
