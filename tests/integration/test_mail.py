"""Mail, to a server on loopback and to the emulator's SES: what arrives, how often, and what is said else."""

from __future__ import annotations

import email
import socket
import ssl
import struct
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from queue import SimpleQueue
from typing import Any, BinaryIO

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from pydantic import SecretStr

from paperboy.adapters.channels import mail
from paperboy.adapters.channels.mail import SES_CONFIG, SesSender, SmtpSender
from paperboy.announcements.announcement import of_day
from paperboy.announcements.channel import SesChannel, SmtpChannel
from paperboy.announcements.mail import mail_message
from paperboy.announcements.message import (
    ChannelBusyError,
    ChannelRefusedError,
    Message,
    NotSentError,
    OutcomeUnknownError,
)
from paperboy.papers.text import UNSEEN
from tests.integration.conftest import HOST, Emulator
from tests.samples import ROOT, ZH, archived, listed_digest, sample_summaries
from tests.unit.test_html import HOSTILE, seen

SENDER, TO = "paperboy@papers.example", ("ann@example.com", "bo@example.com", "cy@example.com")
USER, PASSWORD = "ann@example.com", "correct-horse"
KEY = "mine/2026-02-03/digest/1"
DIGEST = mail_message(
    of_day(archived(listed_digest(ROOT / "events/sample/2026-02-03.json", sample_summaries())), None),  # type: ignore[arg-type]
    ZH,
)

SILENCE, RESET = "silence", "reset"
"""What a server does in place of an answer: nothing, or it ends the connection at once."""
TALK = f"<{TO[1]}> {USER} {PASSWORD} see https://mail.example/?token=1"
"""What a server says after the number of each fault."""


@dataclass
class MailServer:
    """A mail server on loopback. It says what `faults` have for a verb, of several in turn, and else what is usual.

    After the verb of a mail's end, which is `.`, the mail has been read; `taken` are those that it said yes to.
    """

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    login: str = "PLAIN LOGIN"
    faults: dict[str, list[str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    read: list[bytes] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)
    arrivals: SimpleQueue[bytes] = field(default_factory=SimpleQueue)
    """What is in `taken`, for who waits for it."""
    at: int = 0
    """A port, or any that is free."""

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", self.at))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def verbs(self) -> list[str]:
        return [line.split()[0].upper() for line in self.lines]

    @property
    def recipients(self) -> list[str]:
        return [line[len("RCPT TO:<") : -1] for line in self.lines if line.upper().startswith("RCPT TO:<")]

    def mails(self) -> list[EmailMessage]:
        """The mails that it took, as a mail program reads them."""
        return [email.message_from_bytes(content, policy=policy.default) for content in self.taken]

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._talk, args=(self._socket.accept()[0],), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self.implicit and self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                self._answer_all(connection)

    def _answer_all(self, connection: socket.socket) -> None:
        self._say(connection, "GREETING", "220 here")
        file = connection.makefile("rb")
        while line := file.readline().decode("latin-1").strip():
            self.lines.append(line)
            match line.split()[0].upper():
                case "EHLO":
                    self._say(connection, "EHLO", "\r\n".join(["250-here", *self._extensions(connection), "250 OK"]))
                case "STARTTLS":
                    if self._say(connection, "STARTTLS", "220 go") and self.tls:
                        connection = self.tls.wrap_socket(connection, server_side=True)
                        file = connection.makefile("rb")
                case "AUTH":
                    self._say(connection, "AUTH", self._logged_in(line, connection, file))
                case "DATA":
                    if self._say(connection, "DATA", "354 go on"):
                        self.read.append(_content(file))
                        self._say(connection, ".", "250 taken")
                case "QUIT":
                    self._say(connection, "QUIT", "221 bye")
                    return
                case verb:
                    self._say(connection, verb, "250 OK")

    def _answer(self, verb: str, usual: str) -> str:
        faults = self.faults.get(verb) or [usual]
        answer = faults.pop(0) if len(faults) > 1 else faults[0]
        return answer if answer in (usual, "250", SILENCE, RESET) else f"{answer} {TALK}"

    def _say(self, connection: socket.socket, verb: str, usual: str) -> bool:
        """Say what a fault has or what is usual, and whether that was as good."""
        answer = self._answer(verb, usual)
        if answer == SILENCE:
            connection.recv(1)  # until the client is gone
            raise OSError
        if answer == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise OSError
        if verb == "." and answer.startswith("2"):  # before the client knows
            self.taken.append(self.read[-1])
            self.arrivals.put(self.read[-1])
        connection.sendall(f"{answer}\r\n".encode())
        return answer[0] == usual[0]

    def _extensions(self, connection: socket.socket) -> list[str]:
        is_secure = isinstance(connection, ssl.SSLSocket)
        offers = ["STARTTLS"] if self.tls and not is_secure else [f"AUTH {self.login}"] if self.login else []
        return [f"250-{each}" for each in offers]

    def _logged_in(self, line: str, connection: socket.socket, file: BinaryIO) -> str:
        _, way, *given = line.split()
        if way == "LOGIN":
            connection.sendall(b"334 UGFzc3dvcmQ6\r\n")
            given.append(file.readline().decode())
        words = [b64decode(each).decode() for each in given]
        right = {"PLAIN": [f"\0{USER}\0{PASSWORD}"], "LOGIN": [USER, PASSWORD]}[way]
        return "235 in" if words == right else "535 out"


def _content(file: BinaryIO) -> bytes:
    lines = []
    while (line := file.readline()) != b".\r\n":
        lines.append(line.removeprefix(b"."))
    return b"".join(lines)


@pytest.fixture
def server() -> Iterator[MailServer]:
    """This machine's, without TLS."""
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def distant(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """One that offers TLS, and is taken for another machine's."""
    monkeypatch.setattr(mail, "LOOPBACK", set())
    server = MailServer(tls)
    yield server
    server.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "STEP_SECONDS", 0.5)


def channel(server: MailServer, **values: Any) -> SmtpChannel:
    own = {"sender": SENDER, "to": TO, "host": "127.0.0.1", "port": server.port}
    return SmtpChannel(**own | {"user": USER, "password": SecretStr(PASSWORD)} | values)


def send(server: MailServer, message: Message = DIGEST, key: str = KEY, **values: Any) -> str | None:
    return SmtpSender(channel(server, **values)).send(message, key)


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def assert_tells_nothing(error: BaseException) -> None:
    """No password, no address and nothing that the server said is in an error, nor in what would be printed with it."""
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    words = repr(error)
    assert [] == [each for each in (PASSWORD, USER, *TO, SENDER, "mail.example", "token") if each in words]


def test_a_mail_arrives(distant: MailServer) -> None:
    """A mail arrives whole, after TLS and a login, with both texts; nobody sees who else gets it."""
    sent = send(distant)
    assert ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "RCPT", "RCPT", "DATA", "QUIT"] == distant.verbs
    assert [*TO] == distant.recipients
    (arrived,) = distant.mails()
    assert (f"Paperboy <{SENDER}>", "undisclosed-recipients:;") == (arrived["From"], arrived["To"])
    assert (DIGEST.title, "auto-generated", sent) == (
        arrived["Subject"],
        arrived["Auto-Submitted"],
        arrived["Message-ID"],
    )
    assert arrived["Date"].datetime.tzinfo
    assert (DIGEST.text, f"{DIGEST.html}\n") == (body(arrived, "plain"), body(arrived, "html"))
    assert [] == [each for each in TO if each.encode() in distant.taken[0]]
    assert max(map(len, distant.taken[0].splitlines())) < 998
    assert distant.taken[0].isascii()


def test_the_same_piece_has_the_same_id(server: MailServer) -> None:
    """Programs that know a mail by its id show two copies of a piece once; another piece has another id."""
    one, same, other = send(server), send(server), send(server, key="mine/2026-02-04/digest/1")
    assert [one, same, other] == [each["Message-ID"] for each in server.mails()]
    assert (one == same, one == other) == (True, False)
    assert one
    assert one.endswith("@papers.example>")


def test_a_single_recipient_is_shown(server: MailServer) -> None:
    """To one recipient a mail is an ordinary one, which filters like better."""
    send(server, to=TO[:1])
    assert [TO[0]] == [each["To"] for each in server.mails()]


@pytest.mark.parametrize("login", ["PLAIN", "LOGIN", "CRAM-MD5 LOGIN PLAIN"])
def test_logins(login: str) -> None:
    """A login goes the way that the server offers; without a user there is none."""
    server = MailServer(login=login)
    send(server)
    send(server, user=None, password=None)
    assert [2, 1] == [len(server.taken), server.verbs.count("AUTH")]
    server.close()


def test_tls_from_the_start(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """At its own port a server speaks TLS from the start, and is not asked to."""
    server = MailServer(tls, implicit=True)
    monkeypatch.setattr(mail, "TLS_PORT", server.port)
    send(server)
    assert (1, "EHLO", "AUTH") == (len(server.taken), *server.verbs[:2])
    server.close()


def test_without_tls_nothing_is_said(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine's server that offers no TLS is told neither the password nor the mail."""
    monkeypatch.setattr(mail, "LOOPBACK", set())
    with pytest.raises(ChannelRefusedError, match="offers no TLS at this port; try 465 or 587") as error:
        send(server)
    assert ["EHLO"] == server.verbs
    assert_tells_nothing(error.value)


@pytest.mark.parametrize("answer", ["454", "502"])
def test_tls_that_fails(distant: MailServer, answer: str) -> None:
    """A server that offers TLS and then does not is told nothing either."""
    distant.faults["STARTTLS"] = [answer]
    with pytest.raises(ChannelBusyError if answer == "454" else ChannelRefusedError):
        send(distant)
    assert "AUTH" not in distant.verbs


def test_a_certificate_that_nobody_vouches_for(distant: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose certificate is not good is told nothing, also where it is good for another host."""
    with pytest.raises(ChannelRefusedError, match="certificate is not good: Hostname mismatch"):
        send(distant, host="localhost")
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ChannelRefusedError, match="certificate is not good: self-signed"):
        send(distant)
    assert {"EHLO", "STARTTLS"} == set(distant.verbs)


def test_tls_at_another_port(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that speaks no TLS where it should from the start is told nothing, and the error says what to try."""
    monkeypatch.setattr(mail, "TLS_PORT", server.port)
    with pytest.raises(NotSentError, match="port"):
        send(server)
    assert [] == server.taken


@pytest.mark.parametrize(
    ("verb", "answers", "error", "said", "read", "taken"),
    [
        ("GREETING", ["421"], ChannelBusyError, "answered 421 to the connection", 0, 0),
        ("GREETING", ["554"], ChannelRefusedError, "answered 554 to the connection; check host and port", 0, 0),
        ("GREETING", ["HTTP/1.1 400"], ChannelRefusedError, "answered what is no SMTP", 0, 0),
        ("GREETING", ["2" * 10_000], ChannelRefusedError, "answered 500 to the connection", 0, 0),
        *(
            (verb, [fault], ChannelBusyError, "broke off or did not answer|cannot be reached", 0, 0)
            for verb in ("GREETING", "EHLO", "AUTH", "MAIL", "RCPT", "DATA")
            for fault in (SILENCE, RESET)
        ),
        ("AUTH", ["535"], ChannelRefusedError, "535 to the login; check user and password", 0, 0),
        ("AUTH", ["534"], ChannelRefusedError, "534 to the login; check user and password", 0, 0),
        ("AUTH", ["454"], ChannelBusyError, "454 to the login", 0, 0),
        ("AUTH", ["334 ???"], ChannelRefusedError, "characters that mail cannot take", 0, 0),
        ("MAIL", ["530"], ChannelRefusedError, "530 to the sender; the user may have to log in", 0, 0),
        ("MAIL", ["553"], ChannelRefusedError, "553 to the sender", 0, 0),
        ("MAIL", ["451"], ChannelBusyError, "451 to the sender", 0, 0),
        ("RCPT", ["550"], ChannelRefusedError, "550 to every recipient; check the addresses", 0, 0),
        (".", ["354"], OutcomeUnknownError, "did not say whether", 1, 0),
        ("RCPT", ["450"], ChannelBusyError, "450 to every recipient", 0, 0),
        ("RCPT", ["450", "550", "452"], ChannelRefusedError, "550 to every recipient", 0, 0),
        ("RCPT", ["550", "250"], ChannelRefusedError, "took it for 2 of 3 addresses: 550 for address 1", 1, 1),
        ("RCPT", ["250", "450", "553"], ChannelRefusedError, "1 of 3 addresses: 450 for address 2 in `to`, 553", 1, 1),
        ("DATA", ["554"], ChannelRefusedError, "554 to the mail", 0, 0),
        ("DATA", ["451"], ChannelBusyError, "451 to the mail", 0, 0),
        (".", ["554"], ChannelRefusedError, "554 to the mail; it takes it for spam", 1, 0),
        (".", ["452"], ChannelBusyError, "452 to the mail", 1, 0),
        *((".", [fault], OutcomeUnknownError, "did not say whether", 1, 0) for fault in (SILENCE, RESET, "what?")),
        (".", ["2" * 10_000], OutcomeUnknownError, "did not say whether", 1, 1),
    ],
)
def test_faults(
    server: MailServer, verb: str, answers: list[str], error: type[NotSentError], said: str, read: int, taken: int
) -> None:
    """Whatever a server does, the error says whether the same would be refused again, may do later, or may have been
    sent; it holds nothing that the server said, and nothing is sent twice."""
    server.faults[verb] = answers
    with pytest.raises(NotSentError, match=said) as caught:
        send(server)
    assert error is type(caught.value)
    assert (read, taken) == (len(server.read), len(server.taken))
    assert_tells_nothing(caught.value)


@pytest.mark.parametrize("fault", ["500", SILENCE, RESET])
def test_a_farewell_that_fails(server: MailServer, fault: str) -> None:
    """A mail that was taken is sent, however the server says goodbye."""
    server.faults["QUIT"] = [fault]
    assert send(server)
    assert 1 == len(server.taken)


def test_an_answer_that_never_ends(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that always has one more line to say is left when the session's time is up."""
    monkeypatch.setattr(mail, "SESSION_SECONDS", 0.3)

    def drip(connection: socket.socket, verb: str, usual: str) -> bool:
        while verb == "MAIL":
            connection.sendall(b"250-and\r\n")
            time.sleep(0.02)
        connection.sendall(f"{usual}\r\n".encode())
        return True

    monkeypatch.setattr(server, "_say", drip)
    with pytest.raises(ChannelBusyError, match="did not answer"):
        send(server)


@pytest.mark.parametrize(("host", "said"), [("127.0.0.1", "cannot be reached: Conn"), (HOST, "has no address; is the")])
def test_nobody_is_there(server: MailServer, host: str, said: str) -> None:
    """A server that is away, or has no address, may be there later."""
    with pytest.raises(ChannelBusyError, match=said):
        send(server, host=host, port=9)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"password": SecretStr("pässword")}, "have to be of ASCII"),
        ({"sender": "ann@münchen.example"}, "characters that mail cannot take"),
        ({"to": ("björn@example.com",)}, "characters that mail cannot take"),
        ({"sender": "a(b)c@example.com"}, "characters that mail cannot take"),
    ],
)
def test_what_smtp_cannot_say(server: MailServer, values: dict[str, Any], said: str) -> None:
    """What SMTP has no characters for is refused before a mail is sent, and not quoted."""
    with pytest.raises(ChannelRefusedError, match=said) as error:
        send(server, **values)
    assert [] == server.taken
    assert [] == [each for each in ("ä", "ü", "ö", "(b)") if each in repr(error.value)]


def test_a_title_adds_no_header(server: MailServer) -> None:
    """Whatever a title says, a mail has the headers that a plain one has, and the title as its subject."""
    texts = ["plain", "one\r\nBcc: eve@example.com", "one\n\n<h1>body</h1>", "=?utf-8?q?a=0d=0aBcc:_b?=", *HOSTILE]
    sender = SmtpSender(channel(server))
    for text in texts:
        sender.send(Message(text[:200], f"{text}\n.\n..\n", f"<p>{len(text)}</p>"), KEY)
    plain, *others = server.mails()
    for text, arrived in zip(texts[1:], others, strict=True):
        assert plain.keys() == arrived.keys()
        assert UNSEEN.search(arrived["Subject"]) is None
        assert f"<p>{len(text)}</p>\n" == body(arrived, "html")
        assert body(arrived, "plain").endswith("\n.\n..\n")
        assert seen(text[:200]).replace("=?", "= ?") == " ".join(arrived["Subject"].split())


# Amazon SES


def ses(client: Any, *to: str, sender: str = SENDER) -> SesSender:
    return SesSender(SesChannel(sender=sender, to=to or TO), client)


def test_ses(emulator: Emulator) -> None:
    """SES refuses whom it has not verified, and the error says whom; after that it sends, each mail once, and nobody
    sees who else gets it."""
    client: Any = emulator.client("sesv2")
    server = MailServer(at=emulator.mail_port)
    with pytest.raises(ChannelRefusedError, match="has not verified the sender") as error:
        ses(client).send(DIGEST, KEY)
    assert "create an identity" in str(error.value)
    assert_tells_nothing(error.value)
    for address in (SENDER, *TO):
        client.create_email_identity(EmailIdentity=address)
    ids = []
    for to in (TO, TO[:1]):
        ids.append(ses(client, *to).send(DIGEST, KEY))
        server.arrivals.get(timeout=10)
    assert [*TO, TO[0]] == server.recipients
    several, single = server.mails()
    assert [f"<{each}>" for each in ids] == [several["Message-ID"], single["Message-ID"]]
    assert (None, TO[0]) == (several["To"], single["To"])
    for arrived in (several, single):
        assert (f"Paperboy <{SENDER}>", DIGEST.title) == (arrived["From"], arrived["Subject"])
        assert (DIGEST.text, DIGEST.html) == (body(arrived, "plain"), body(arrived, "html"))
    server.close()


@pytest.mark.parametrize(
    ("code", "status", "words", "error", "said"),
    [
        (
            "MessageRejected",
            400,
            f"Email address is not verified: {TO[1]}",
            ChannelRefusedError,
            "address 2 in `to`: c",
        ),
        (
            "MessageRejected",
            400,
            f"Email address is not verified: {SENDER}",
            ChannelRefusedError,
            "verified the sender:",
        ),
        ("MessageRejected", 400, "Address is not verified", ChannelRefusedError, "the sender or a recipient"),
        ("MessageRejected", 400, TALK, ChannelRefusedError, "answered MessageRejected$"),
        ("AccessDeniedException", 403, TALK, ChannelRefusedError, "the function's role may not send"),
        ("SendingPausedException", 400, TALK, ChannelRefusedError, "paused"),
        ("TooManyRequestsException", 429, TALK, ChannelBusyError, "its limit"),
        ("LimitExceededException", 400, TALK, ChannelBusyError, "its limit"),
        ("ServiceUnavailable", 503, TALK, ChannelBusyError, "answered ServiceUnavailable"),
        ("InternalFailure", 500, TALK, OutcomeUnknownError, "was given the mail and answered InternalFailure"),
    ],
)
def test_ses_refuses(code: str, status: int, words: str, error: type[NotSentError], said: str) -> None:
    """What SES answers is told as what follows from it, with what to do, and without the addresses that it names."""
    client = boto3.client("sesv2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106
    with Stubber(client) as stub:
        stub.add_client_error("send_email", code, words, http_status_code=status)
        with pytest.raises(error, match=said) as caught:
            ses(client).send(DIGEST, KEY)
    assert_tells_nothing(caught.value)


def test_ses_does_not_answer(server: MailServer) -> None:
    """Without an answer nobody knows whether SES sent it, and it is asked once; where nobody is, nothing was sent."""
    server.faults["GREETING"] = [SILENCE]
    config = SES_CONFIG.merge(Config(read_timeout=0.3, connect_timeout=0.3))
    own: Any = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x", "config": config}
    client: Any = boto3.client("sesv2", endpoint_url=f"http://127.0.0.1:{server.port}", **own)
    with pytest.raises(OutcomeUnknownError, match="did not answer"):
        ses(client).send(DIGEST, KEY)
    server.close()
    client = boto3.client("sesv2", endpoint_url="http://127.0.0.1:9", **own)
    with pytest.raises(ChannelBusyError, match="cannot be reached in us-east-1"):
        ses(client).send(DIGEST, KEY)
