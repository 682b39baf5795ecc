"""Channels as they are kept: what is written is read, a wrong field is named, and no secret is ever shown."""

import json
import re
from typing import Any

import pytest

from paperboy.announcements.channel import MAX_CHANNEL_BYTES, Channel, ChannelError, read_channel, written_channel

SECRET = "s3cret-0123456789"  # noqa: S105 - of a test
URL = f"https://open.example/hook/{SECRET}"
MAIL = {"sender": "papers@example.com", "to": ["a@example.com"]}
LEAST: list[dict[str, Any]] = [
    {"kind": "feishu", "url": URL},
    {"kind": "wecom", "url": URL},
    {"kind": "dingtalk", "url": URL},
    {"kind": "telegram", "token": SECRET, "chat": "@papers"},
    {"kind": "webhook", "url": URL, "secret": SECRET},
    {"kind": "ses", **MAIL},
    {"kind": "smtp", "host": "smtp.example.com", **MAIL},
]
"""The least that a channel of each kind is."""
MORE: list[dict[str, Any]] = [
    {"kind": "feishu", "url": URL, "secret": SECRET, "gets": "weekly"},
    {"kind": "dingtalk", "url": "http://127.0.0.1:8080/hook", "secret": SECRET},
    {"kind": "telegram", "token": SECRET, "chat": "-1001234567890", "api": "http://127.0.0.1:8081", "gets": "trophies"},
    {"kind": "smtp", "host": "127.0.0.1", "port": 1025, "user": "me", "password": SECRET, **MAIL},
    {"kind": "ses", "sender": "p@example.com", "to": ["a@example.com", "b@example.com"]},
]
"""Channels with all that they can have."""

every_channel = pytest.mark.parametrize("fields", [*LEAST, *MORE], ids=lambda fields: fields["kind"])


def read(fields: dict[str, Any]) -> Channel:
    return read_channel(json.dumps(fields))


@every_channel
def test_what_is_written_is_read(fields: dict[str, Any]) -> None:
    """A channel is kept as it was given, with its secrets and without what is usual, and read back the same."""
    channel = read(fields)
    assert fields == json.loads(written_channel(channel))
    assert channel == read_channel(written_channel(channel))


def test_a_kind_that_there_is_not() -> None:
    """All kinds that there are are named, in place of one that there is not."""
    with pytest.raises(ChannelError) as error:
        read({"kind": "pager", "url": URL})
    assert str(error.value).startswith("all: expected 'kind' to be one of ")
    assert {fields["kind"] for fields in LEAST} == set(re.findall(r"'(\w+)'", str(error.value))) - {"kind"}


def test_what_is_usual() -> None:
    """A channel gets each digest unless it is told otherwise, and mail goes through the usual port."""
    assert {"digests"} == {read(fields).gets for fields in LEAST}
    assert 587 == getattr(read(LEAST[-1]), "port", None)


@every_channel
def test_no_secret_is_shown(fields: dict[str, Any]) -> None:
    """Neither an address nor a key is in what is printed of a channel, or of it as JSON for a log."""
    channel = read(fields)
    shown = [str(channel), repr(channel), f"{channel}", channel.model_dump_json(), repr([channel])]
    assert [] == [text for text in shown if SECRET in text]


@pytest.mark.parametrize("least", LEAST, ids=lambda fields: fields["kind"])
def test_what_is_missing_is_named(least: dict[str, Any]) -> None:
    """Each field that a kind needs is asked for by its name."""
    for name in least.keys() - {"kind"}:
        with pytest.raises(ChannelError, match=rf"\b{name}: Field required"):
            read({key: value for key, value in least.items() if key != name})


@pytest.mark.parametrize(
    ("place", "wrong", "name"),
    [
        (0, {"url": f"http://open.example/{SECRET}"}, "url"),
        (0, {"url": f"ftp://{SECRET}"}, "url"),
        (0, {"url": f"http://127.0.0.1.{SECRET}.example/"}, "url"),
        (0, {"url": f"https://open.example/ {SECRET}"}, "url"),
        (0, {"url": f"https://open.example/{SECRET}\n"}, "url"),
        (1, {"url": f"https://open.example/{SECRET * 200}"}, "url"),
        (1, {"url": 7}, "url"),
        (1, {"secret": SECRET}, "secret"),
        (2, {"gets": SECRET}, "gets"),
        (3, {"chat": f"papers {SECRET}"}, "chat"),
        (3, {"api": SECRET}, "api"),
        (3, {"token": [SECRET]}, "token"),
        (4, {"secret": None}, "secret"),
        (5, {"sender": SECRET}, "sender"),
        (5, {"sender": f"a@example.com\nBcc: {SECRET}@example.com"}, "sender"),
        (5, {"to": []}, "to"),
        (5, {"to": [SECRET]}, "to.0"),
        (5, {"to": ["a@example.com"] * 51}, "to"),
        (6, {"host": f"smtp.example.com/{SECRET}"}, "host"),
        (6, {"port": 0}, "port"),
        (6, {"port": 65_536}, "port"),
    ],
)
def test_a_wrong_field_is_named_without_its_value(place: int, wrong: dict[str, Any], name: str) -> None:
    """What is wrong is named; what was found there, which may be secret, is nowhere in the error."""
    with pytest.raises(ChannelError) as error:
        read(LEAST[place] | wrong)
    assert name in str(error.value)
    assert SECRET not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"text"', "{}", '{"kind": "pager"}', f'{{"kind": "{SECRET}"}}']
)
def test_what_is_no_channel(text: str) -> None:
    """JSON that is no channel, or no JSON, is an error that shows nothing of it."""
    with pytest.raises(ChannelError) as error:
        read_channel(text)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(("chars", "fits"), [(0, True), (1, False)])
def test_a_channel_fits_into_a_parameter(chars: int, fits: bool) -> None:
    """A channel of exactly MAX_CHANNEL_BYTES is kept; one byte more is refused, with both numbers."""
    fields = {"kind": "telegram", "token": "", "chat": "@papers"}
    room = MAX_CHANNEL_BYTES - len(written_channel(read(fields)).encode())
    channel = read(fields | {"token": "x" * (room + chars)})
    if fits:
        assert MAX_CHANNEL_BYTES == len(written_channel(channel).encode())
    else:
        with pytest.raises(ChannelError, match=r"4,096 bytes at most, and this one 4,097"):
            written_channel(channel)


def test_bytes_are_counted_not_characters() -> None:
    """Chinese characters count as the three bytes that each takes."""
    with pytest.raises(ChannelError, match="bytes at most"):
        written_channel(read({"kind": "telegram", "token": "密" * 1_400, "chat": "@papers"}))
