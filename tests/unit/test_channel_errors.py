"""Channels that are not what they have to be: what is wrong is told by its field alone."""

from __future__ import annotations

import json

import pytest

from paperboy.announcements.channel import ChannelError, read_channel


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "feishu"}, "feishu.url: Field required"),
        ({"kind": "feishu", "url": "http://sk-1.example"}, "feishu.url: Value error, expected an address"),
        ({"kind": "wecom", "url": "https://a.b/sk-1", "secret": "sk-1"}, "wecom.secret: Extra inputs"),
        ({"kind": "telegram", "token": "sk-1", "chat": "me"}, "telegram.chat: String should match"),
        ({"kind": "ses", "sender": "sk-1", "to": ["a@b.c"]}, "ses.sender: String should match"),
    ],
)
def test_an_error_names_the_field(fields: dict[str, object], said: str) -> None:
    """What is wrong with a channel is told of its own kind's field alone, and without the value."""
    with pytest.raises(ChannelError) as caught:
        read_channel(json.dumps(fields))
    error = str(caught.value)
    assert error.startswith(said)
    assert (1, False) == (error.count(f"{fields['kind']}."), "sk-1" in error)
