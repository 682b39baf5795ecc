"""Channels over HTTP, real sockets on loopback: what arrives, how often, and which error each fault leads to."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import traceback
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from paperboy.adapters.channels import load_sender, post
from paperboy.adapters.channels.dingtalk import DingtalkSender
from paperboy.adapters.channels.feishu import FeishuSender
from paperboy.announcements.channel import (
    Channel,
    DingtalkChannel,
    FeishuChannel,
    TelegramChannel,
    WebhookChannel,
    WecomChannel,
)
from paperboy.announcements.message import (
    ChannelBusyError,
    ChannelRefusedError,
    Message,
    NotSentError,
    OutcomeUnknownError,
)
from tests.integration.channel_servers import BOT_TOKEN, FAULTS, SECRET, SERVERS, TOKEN, ChannelServer, serving

KEY = "2026-02-03/team/1"
SECONDS = 0.2
"""The time of a message whose channel does not come to an end."""
TEXT = '🏆 **"快"** & 稳\n[读](https://papers.example/digests/2026-02-03.html)'
MESSAGES = {
    "webhook": Message("", json.dumps({"title": "2 月 3 日", "papers": [{"title": TEXT}]}, ensure_ascii=False)),
    "telegram": Message("", "<b>2 月 3 日</b>\n🏆 &lt;快&gt; &amp; 稳"),
    "wecom": Message("", f"2 月 3 日\n{TEXT}"),
}
MESSAGE = Message("2 月 3 日", TEXT)
CHATS = [kind for kind in SERVERS if kind != "webhook"]


@pytest.fixture(params=list(SERVERS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(kind: str) -> Iterator[ChannelServer]:
    with serving(kind) as server:
        yield server


@pytest.fixture(autouse=True, scope="module")
def no_proxies() -> Iterator[None]:
    """A client of these tests' own, without the environment's proxies."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
            patch.delenv(name, raising=False)
            patch.delenv(name.lower(), raising=False)
        post.client.cache_clear()
        yield
    post.client.cache_clear()


def message_of(kind: str) -> Message:
    return MESSAGES.get(kind, MESSAGE)


def failed(channel: Channel, message: Message, key: str = KEY) -> NotSentError:
    """The error of a message that is not sent; none of its parts tells an address or a secret."""
    with pytest.raises(NotSentError) as raised:
        load_sender(channel).send(message, key)
    error = raised.value
    assert error.__cause__ is None
    assert error.__context__ is None
    told = "\n".join([str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)])
    assert [] == [
        secret for secret in (TOKEN[:12], TOKEN[-12:], SECRET[:8], SECRET[-8:], "127.0.0.1") if secret in told
    ]
    assert str(error).isprintable()
    assert len(str(error)) < 500
    return error


# What arrives


def test_a_message_arrives(server: ChannelServer, kind: str) -> None:
    """Each kind of channel takes a message, letter by letter, signed as it wants it, in one request."""
    message = message_of(kind)
    sent = load_sender(server.channel).send(message, KEY)
    assert [message.text] == server.texts
    assert ["2 月 3 日"] == server.titles
    assert 1 == len(server.requests)
    assert ("1" if kind == "telegram" else None) == sent
    assert server.requests[0].headers["connection"] == "close"


def test_a_webhook_tells_copies_by_their_key() -> None:
    """A message that is sent again has the key of the first one, so that who takes it can tell."""
    with serving("webhook") as server:
        sender = load_sender(server.channel)
        for _ in range(2):
            assert sender.send(message_of("webhook"), KEY) is None
        assert [KEY] == [message.key for message in server.accepted]
        assert [KEY, KEY] == [request.headers["webhook-id"] for request in server.requests]


def test_a_webhook_of_a_serialized_key() -> None:
    """A secret that begins with whsec_ is the Base64 of the key, as Standard Webhooks has it."""
    key = b"thirty-two bytes that nobody knows"
    with serving("webhook") as server:
        secret = SecretStr(f"whsec_{base64.b64encode(key).decode()}")
        channel = WebhookChannel(url=SecretStr(f"{server.url}/hooks/{TOKEN}"), secret=secret)
        assert "answered 401" in str(failed(channel, message_of("webhook")))
        headers, body = server.requests[0].headers, server.requests[0].body
        signed = f"{KEY}.{headers['webhook-timestamp']}.".encode() + body
        assert f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}" == headers["webhook-signature"]


# As OpenSSL makes them: printf "" | openssl dgst -sha256 -hmac "$(printf '1599360473\ndemo')" -binary | base64
FEISHU_SIGN = "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
DINGTALK_SIGN = "tGWkA5eQOQNCNPDgphtxIoNLO%2B%2FgD8Lcb705KQoRzeY%3D"


def test_signatures_of_known_input() -> None:
    """Signatures are those that OpenSSL makes of the same time and secret."""
    feishu = FeishuSender(FeishuChannel(url=SecretStr("https://a.test/"), secret=SecretStr("demo")))
    dingtalk = DingtalkSender(
        DingtalkChannel(url=SecretStr("https://a.test/?access_token=t"), secret=SecretStr("SECdemo"))
    )
    assert {"timestamp": "1599360473", "sign": FEISHU_SIGN} == feishu._signature(1599360473)
    assert f"https://a.test/?access_token=t&timestamp=1599360473000&sign={DINGTALK_SIGN}" == dingtalk._signed_url(
        1599360473000
    )


@pytest.mark.parametrize("kind", ["feishu", "dingtalk"])
def test_a_bot_without_a_key_signs_nothing(kind: str) -> None:
    """Where no secret is set, neither a time nor a signature is sent, and the bot refuses if it wants one."""
    with serving(kind) as server:
        failed(server.channel.model_copy(update={"secret": None}), message_of(kind))
        assert {"timestamp", "sign"}.isdisjoint(server.requests[0].query)
        assert {"timestamp", "sign"}.isdisjoint(server.requests[0].fields)


def test_half_a_character(server: ChannelServer, kind: str) -> None:
    """What is no character costs itself and not the message."""
    broken = Message("2 月 3 日", '{"title":"2 月 3 日 \ud83c"}' if kind == "webhook" else "2 月 3 日 \ud83c")
    load_sender(server.channel).send(broken, KEY)
    assert 1 == len(server.accepted)
    assert "?" in server.texts[0]


# What is refused


@pytest.mark.parametrize(
    ("kind", "update", "reason"),
    [
        ("feishu", {"secret": SecretStr("wrong")}, "Feishu answered 19021 (sign match fail or timestamp is not within"),
        (
            "feishu",
            {"url": "/open-apis/bot/v2/hook/x"},
            "Feishu answered 19001 (param invalid: incoming webhook access",
        ),
        (
            "wecom",
            {"url": "/cgi-bin/webhook/send?key=x"},
            "WeCom answered 93000 (invalid webhook url, hint: [1]): set the",
        ),
        (
            "dingtalk",
            {"secret": SecretStr("wrong")},
            "DingTalk answered 310000 (sign not match): set the channel's secret",
        ),
        ("dingtalk", {"url": "/robot/send?access_token=x"}, "DingTalk answered 300005 (token is not exist): set the"),
        (
            "telegram",
            {"token": SecretStr("42:x")},
            "Telegram answered 401 (Unauthorized): set the channel's token again",
        ),
        (
            "telegram",
            {"chat": "@nobody"},
            "Telegram answered 400 (Bad Request: chat not found): check the channel's chat",
        ),
        ("webhook", {"url": "/elsewhere"}, "the webhook answered 404: check the channel's address and secret"),
        ("webhook", {"secret": SecretStr("wrong")}, "the webhook answered 401"),
        (
            "webhook",
            {"secret": SecretStr("whsec_1")},
            "the webhook has a secret that begins with whsec_ and is no Base64",
        ),
    ],
)
def test_settings_that_are_wrong(kind: str, update: dict[str, object], reason: str) -> None:
    """A wrong address, key or chat is a refusal in the channel's words, and says what to do."""
    with serving(kind) as server:
        if isinstance(path := update.get("url"), str):
            update = {"url": SecretStr(server.url + path)}
        error = failed(server.channel.model_copy(update=update), message_of(kind))
        assert isinstance(error, ChannelRefusedError)
        assert str(error).startswith(reason)
        assert [] == server.accepted


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("feishu", "一" * 6_600, "Feishu takes 20,000 bytes at most, and the message has 20,"),
        ("wecom", "一" * 1_366, "WeCom takes 4,096 bytes at most, and the message has 4,098"),
        ("dingtalk", "一" * 6_660, "DingTalk takes 20,000 bytes at most, and the message has 20,"),
        ("telegram", "x" * 100_000, "Telegram takes 100,000 bytes at most, and the message has 100,"),
    ],
)
def test_a_message_that_is_too_long_is_not_sent(kind: str, text: str, reason: str) -> None:
    """A message above its channel's limit, in bytes as they are sent, is refused before it is sent."""
    with serving(kind) as server:
        error = failed(server.channel, Message("2 月 3 日", text))
        assert isinstance(error, ChannelRefusedError)
        assert str(error).startswith(reason)
        assert [] == server.requests


@pytest.mark.parametrize(
    ("kind", "text"),
    [("feishu", "一" * 6_550), ("wecom", "一" * 1_365), ("dingtalk", "一" * 6_630), ("telegram", "一" * 4_096)],
)
def test_a_message_as_long_as_may_be(kind: str, text: str) -> None:
    """A message just below the limit arrives whole."""
    with serving(kind) as server:
        load_sender(server.channel).send(Message("2 月 3 日", text), KEY)
        assert [text] == server.texts


def test_telegram_counts_for_itself() -> None:
    """A text of more characters than Telegram shows is refused in its words."""
    with serving("telegram") as server:
        error = failed(server.channel, Message("", "一" * 4_097))
        assert isinstance(error, ChannelRefusedError)
        assert str(error).startswith("Telegram answered 400 (Bad Request: message is too long)")


def test_a_group_that_moved() -> None:
    """A Telegram group that became a supergroup has a new number, and the error names it."""
    moved = {"ok": False, "error_code": 400, "description": "upgraded", "parameters": {"migrate_to_chat_id": -1009}}
    with serving("telegram") as server:
        server.unknown = 400, moved, {}
        server.plan("unknown code")
        assert "Telegram answered 400 (upgraded): set the channel's chat to -1009, the group's new number" == str(
            failed(server.channel, message_of("telegram"))
        )


def test_a_key_that_no_header_takes() -> None:
    """What cannot be sent at all is refused in words of our own."""
    with serving("webhook") as server:
        error = failed(server.channel, message_of("webhook"), key="one\r\ntwo")
        assert isinstance(error, ChannelRefusedError)
        assert [] == server.requests


# Faults

REFUSED, BUSY, UNKNOWN, SENT = ChannelRefusedError, ChannelBusyError, OutcomeUnknownError, None
Expected = tuple[type[NotSentError] | None, float | None]
EXPECTED: dict[str, Expected] = {
    "unknown code": (REFUSED, None),
    "echo": (REFUSED, None),
    "429": (BUSY, 30.0),
    "429 for ever": (BUSY, 86_400.0),
    "429 at a date": (BUSY, 0.0),
    "429 at no time": (BUSY, None),
    "502": (BUSY, None),
    "503": (BUSY, 30.0),
    "403": (REFUSED, None),
    "404": (REFUSED, None),
    "a huge 500": (BUSY, None),
    "redirect": (REFUSED, None),
    "html": (UNKNOWN, None),
    "empty": (UNKNOWN, None),
    "a list": (UNKNOWN, None),
    "a number": (UNKNOWN, None),
    "texts": (UNKNOWN, None),
    "truths": (UNKNOWN, None),
    "nothing in it": (UNKNOWN, None),
    "deep": (UNKNOWN, None),
    "no utf-8": (UNKNOWN, None),
    "huge": (UNKNOWN, None),
    "packed": (UNKNOWN, None),
    "success with 500": (UNKNOWN, None),
    "silence": (UNKNOWN, None),
    "drip": (UNKNOWN, None),
    "endless headers": (UNKNOWN, None),
    "reset after it was taken": (UNKNOWN, None),
    "cut": (UNKNOWN, None),
    "reset": (UNKNOWN, None),
}
BUSY_SECONDS = {"feishu": None, "wecom": 60.0, "dingtalk": 600.0, "telegram": 7.0, "webhook": 30.0}
ENDLESS = {"silence", "drip", "endless headers"}
AWAY = {"silence", "endless headers", "reset", "reset after it was taken"}
"""Faults in which a webhook has no status either."""


def expected(kind: str, fault: str) -> Expected:
    """The error that a fault leads to, with the seconds to wait: of a webhook the status alone counts."""
    if fault == "busy":
        return BUSY, BUSY_SECONDS[kind]
    error, seconds = EXPECTED[fault]
    if kind == "webhook" and fault == "success with 500":
        return BUSY, None
    if kind == "webhook" and error is UNKNOWN and fault not in AWAY:
        return SENT, None
    return error, seconds


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault(server: ChannelServer, kind: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fault is met by one request, tells no secret, and ends in the error that is true of it: whether the message
    was not sent, will never be, or nobody knows. The next message arrives.
    """
    server.plan(fault)
    channel, message = server.channel, message_of(kind)
    error, seconds = expected(kind, fault)
    if fault in ENDLESS:
        monkeypatch.setattr(post, "SEND_SECONDS", SECONDS)
    if error is SENT:
        load_sender(channel).send(message, KEY)
    else:
        raised = failed(channel, message)
        assert error is type(raised)
        assert seconds == (raised.retry_seconds if isinstance(raised, ChannelBusyError) else None)
        assert [] == [value for value in server.requests[0].query.values() if value in str(raised)]
    assert 1 == len(server.requests)
    assert FAULTS[fault].accepts == bool(server.accepted)
    monkeypatch.undo()
    load_sender(channel).send(message, "another/key")
    assert [message.text] * (1 + FAULTS[fault].accepts) == server.texts


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "telegram"])
def test_more_than_a_minute_takes(kind: str) -> None:
    """The message after the twentieth of a minute is told to wait, and the twenty have arrived."""
    with serving(kind) as server:
        sender = load_sender(server.channel)
        for _ in range(20):
            sender.send(message_of(kind), KEY)
        error = failed(server.channel, message_of(kind))
        assert isinstance(error, ChannelBusyError)
        assert BUSY_SECONDS[kind] == error.retry_seconds
        assert 20 == len(server.accepted)


@pytest.mark.parametrize("status", [400, 429])
def test_feishu_says_when(status: int) -> None:
    """Feishu's own header says how long it wants to be left alone."""
    with serving("feishu") as server:
        limits = {"x-ogw-ratelimit-limit": "100", "x-ogw-ratelimit-reset": "52"}
        server.busy = status, {"code": 99991400, "msg": "request trigger frequency limit"}, limits
        server.plan("busy")
        error = failed(server.channel, MESSAGE)
        assert isinstance(error, ChannelBusyError)
        assert 52.0 == error.retry_seconds


def test_an_older_feishu() -> None:
    """The answer of a bot of the older kind is success too."""
    with serving("feishu") as server:
        server.success = {"StatusCode": 0, "StatusMessage": "success"}
        load_sender(server.channel).send(MESSAGE, KEY)


def test_two_fields_that_do_not_agree() -> None:
    """The code counts, and not what an older field says beside it."""
    with serving("feishu") as server:
        server.unknown = 200, {"StatusCode": 0, "code": 19024, "msg": "Key Words Not Found"}, {}
        server.plan("unknown code")
        assert "19024 (Key Words Not Found): take the keywords off" in str(failed(server.channel, MESSAGE))


@pytest.mark.parametrize("kind", CHATS)
def test_words_without_end(kind: str) -> None:
    """A code and words of any length become a short error."""
    with serving(kind) as server:
        _, body, headers = server.unknown
        for status in (200, 400):
            server.unknown = (
                status,
                {name: "word " * 9_000 if isinstance(value, str) else value for name, value in body.items()},
                headers,
            )
            server.plan("unknown code")
            assert isinstance(failed(server.channel, message_of(kind)), ChannelRefusedError)


def test_a_key_that_is_written_otherwise() -> None:
    """A key that its address writes with %XX is struck from a channel's words as it reads, too."""
    with serving("wecom") as server:
        server.unknown = 200, {"errcode": 1, "errmsg": "no bot has 密钥不能说出去"}, {}
        server.plan("unknown code")
        channel = WecomChannel(url=SecretStr(f"{server.url}/?key={quote('密钥不能说出去')}"))
        assert "WeCom answered 1 (no bot has …)" == str(failed(channel, message_of("wecom")))


@pytest.mark.parametrize("kind", CHATS)
def test_an_unknown_code_with_a_status(kind: str) -> None:
    """A code that nobody knows is a matter of its status, where that says: not now."""
    with serving(kind) as server:
        body = server.unknown[1] | ({"error_code": 503} if kind == "telegram" else {})
        server.unknown = 503, body, {"Retry-After": "5"}
        server.plan("unknown code")
        error = failed(server.channel, message_of(kind))
        assert isinstance(error, ChannelBusyError)
        assert 5.0 == error.retry_seconds


# Channels that nobody reaches


def reached_at(kind: str, url: str) -> Channel:
    """A channel of a kind at another address."""
    secret = SecretStr(SECRET)
    match kind:
        case "feishu":
            return FeishuChannel(url=SecretStr(f"{url}/{TOKEN}"), secret=secret)
        case "wecom":
            return WecomChannel(url=SecretStr(f"{url}/?key={TOKEN}"))
        case "dingtalk":
            return DingtalkChannel(url=SecretStr(f"{url}/?access_token={TOKEN}"), secret=secret)
        case "telegram":
            return TelegramChannel(token=SecretStr(BOT_TOKEN), chat="@papers", api=url)
    return WebhookChannel(url=SecretStr(f"{url}/{TOKEN}"), secret=secret)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://127.0.0.1:9", "https://nobody.test"])
def test_nobody_is_there(kind: str, url: str) -> None:
    """A channel that nobody reaches was sent nothing, and is tried again."""
    error = failed(reached_at(kind, url), message_of(kind))
    assert isinstance(error, ChannelBusyError)
    assert str(error).endswith("could not be reached")


def test_no_tls(server: ChannelServer, kind: str) -> None:
    """Where TLS does not come about nothing is sent, and the error says that it is TLS."""
    error = failed(reached_at(kind, server.url.replace("http:", "https:")), message_of(kind))
    assert isinstance(error, ChannelBusyError)
    assert "its certificate or its TLS is not right" in str(error)
    assert [] == server.requests


@pytest.mark.parametrize(
    "url", ["https://[:", "https://a.test:port", "https://a.test:99999", f"https://{'a' * 64}.test"]
)
def test_an_address_that_cannot_be(kind: str, url: str) -> None:
    """An address that is none leads to an error that says that nothing was sent, whatever is wrong with it."""
    assert not isinstance(failed(reached_at(kind, url), message_of(kind)), OutcomeUnknownError)


# Logs


def test_no_log_tells_an_address(server: ChannelServer, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """At the finest level too no library's log has the address, in which the key stands."""
    caplog.set_level(logging.DEBUG)
    server.plan("well", "unknown code", "reset")
    load_sender(server.channel).send(message_of(kind), KEY)
    for _ in range(2):
        try:
            load_sender(server.channel).send(message_of(kind), KEY)
        except NotSentError:
            logging.getLogger("paperboy").exception("message failed")
    assert "message failed" in caplog.text
    assert TOKEN not in caplog.text
    assert SECRET not in caplog.text
