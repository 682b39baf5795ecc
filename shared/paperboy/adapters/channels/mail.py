"""Mail: through Amazon SES, or through any SMTP server."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnectedError

from paperboy.adapters.http import LOOPBACK
from paperboy.announcements.message import (
    ChannelBusyError,
    ChannelRefusedError,
    Message,
    NotSentError,
    OutcomeUnknownError,
)
from paperboy.pages.text import visible

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import DestinationTypeDef

    from paperboy.announcements.channel import SesChannel, SmtpChannel

FROM_NAME = "Paperboy"
"""Who a mail is from, before the address."""

TLS_PORT = 465
"""Where a mail server speaks TLS from the start; at other ports it is asked to."""
STEP_SECONDS = 20.0
"""Of a connection, and of each answer of a server."""
SESSION_SECONDS = 60.0
"""Of all that a mail server is asked after its greeting, so that many slow answers do not outlast the function."""

SES_CONFIG = Config(connect_timeout=5, read_timeout=STEP_SECONDS, retries={"mode": "standard", "total_max_attempts": 1})
"""boto3 tries nothing again: a mail whose answer got lost would be sent twice."""

BUSY_ERRORS = {
    *("TooManyRequestsException", "LimitExceededException", "Throttling", "ThrottlingException"),
    *("ServiceUnavailable", "ServiceUnavailableException", "429", "503"),
}
"""Errors of a service that has no room for a mail now. A status stands for an answer without a code."""

SES_WAYS_OUT = {
    "AccessDeniedException": "the function's role may not send from this address, or in the sandbox to a recipient",
    "AccountSuspendedException": "this account may no longer send: ask AWS's support",
    "MailFromDomainNotVerifiedException": "its MAIL FROM domain is not set up: see the identity in the console of SES",
    "SendingPausedException": "sending is paused for this account: see the console of SES",
}


class SesSender:
    """Sends with the function's role. SES gives each mail an id of its own, so two copies stay two."""

    def __init__(self, channel: SesChannel, client: SESV2Client | None = None) -> None:
        self._channel = channel
        self._ses = client or boto3.client("sesv2", config=SES_CONFIG)

    def send(self, message: Message, key: str) -> str | None:  # noqa: ARG002 - SES takes no id
        """Send a mail, which no recipient sees the others in. Raises NotSentError."""
        bodies = {"Text": message.text} | ({"Html": message.html} if message.html else {})
        try:
            answer = self._ses.send_email(
                FromEmailAddress=f"{FROM_NAME} <{self._channel.sender}>",
                Destination=_destination(self._channel.to),
                Content={
                    "Simple": {
                        "Subject": {"Data": visible(message.title), "Charset": "UTF-8"},
                        "Body": {kind: {"Data": text, "Charset": "UTF-8"} for kind, text in bodies.items()},  # type: ignore[typeddict-item]
                    }
                },
            )
        except ClientError as error:
            raise self._failure_of(error) from None
        except NotConnectedError:
            region = self._ses.meta.region_name
            raise ChannelBusyError(f"Amazon SES cannot be reached in {region}; is it there in that region?") from None
        except HTTPClientError:
            raise OutcomeUnknownError("Amazon SES was given the mail and did not answer") from None
        except BotoCoreError as error:
            raise ChannelRefusedError(f"Amazon SES was not asked: {type(error).__name__}") from None
        return answer.get("MessageId")

    def _failure_of(self, error: ClientError) -> NotSentError:
        """The error of an answer. SES's own words name addresses, so they are not passed on."""
        code, words = str(error.response["Error"].get("Code")), str(error.response["Error"].get("Message"))
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if code in BUSY_ERRORS or status in (429, 503):
            return ChannelBusyError(f"Amazon SES answered {code}: its limit of mails a second or a day is reached")
        if status >= 500:
            return OutcomeUnknownError(f"Amazon SES was given the mail and answered {code}")
        if "not verified" in words.lower():
            return ChannelRefusedError(
                f"Amazon SES in {self._ses.meta.region_name} has not verified {self._unverified(words)}: create an "
                "identity for it in the console of SES, and follow the link in the mail that comes; as long as the "
                "account is in SES's sandbox, recipients need that too"
            )
        way_out = SES_WAYS_OUT.get(code)
        return ChannelRefusedError(f"Amazon SES answered {code}" + (f"; {way_out}" if way_out else ""))

    def _unverified(self, words: str) -> str:
        """Whom SES names among those that are not verified."""
        named = ["the sender"] if self._channel.sender.lower() in words.lower() else []
        named += [
            f"address {place} in `to`"
            for place, address in enumerate(self._channel.to, 1)
            if address.lower() in words.lower() and address != self._channel.sender
        ]
        return " and ".join(named) or "the sender or a recipient"


def _destination(to: Sequence[str]) -> DestinationTypeDef:
    """A single recipient is shown; of several none is."""
    return {"ToAddresses": list(to)} if len(to) == 1 else {"BccAddresses": list(to)}


class SmtpSender:
    """Sends through an SMTP server, with a new connection for each mail."""

    def __init__(self, channel: SmtpChannel) -> None:
        self._channel = channel
        self._domain = channel.sender.rpartition("@")[2]
        self._trusted = httpx.create_ssl_context()

    def send(self, message: Message, key: str) -> str | None:
        """Send a mail, which no recipient sees the others in, and return its id, which is made from `key`.

        Where a server takes it for some recipients only, these get it, and ChannelRefusedError tells of the others: to
        try again would send the first ones a second copy. Raises NotSentError.
        """
        try:
            mail = self._mail(message, key)
            with self._session() as smtp:
                self._log_in(smtp)
                _hand_over(smtp, self._channel, mail.as_bytes())
        except NotSentError:
            raise
        except (OSError, ValueError, MessageError) as error:  # smtplib's own are among the first
            raise _failure_of(error) from None  # an error can quote the password
        return mail["Message-ID"]  # type: ignore[no-any-return] # it is a string

    def _mail(self, message: Message, key: str) -> EmailMessage:
        to = self._channel.to
        mail = EmailMessage(policy.SMTP)
        mail["From"] = Address(FROM_NAME, addr_spec=self._channel.sender)
        mail["To"] = Address(addr_spec=to[0]) if len(to) == 1 else "undisclosed-recipients:;"
        mail["Subject"] = visible(message.title).replace("=?", "= ?")  # what looks encoded would be decoded
        mail["Date"] = format_datetime(dt.datetime.now(dt.UTC))
        mail["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # so that nobody's absence is answered
        mail.set_content(message.text, cte="base64")
        if message.html:
            mail.add_alternative(message.html, subtype="html", cte="base64")
        return mail

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A connection that has been greeted, with TLS unless the server is this machine and has none."""
        host, port = self._channel.host, self._channel.port
        smtp = (
            smtplib.SMTP_SSL(host, port, self._domain, timeout=STEP_SECONDS, context=self._trusted)
            if port == TLS_PORT
            else smtplib.SMTP(host, port, self._domain, timeout=STEP_SECONDS)
        )
        end = threading.Timer(SESSION_SECONDS, _break_off, [smtp])
        end.daemon = True
        end.start()
        try:
            smtp.ehlo_or_helo_if_needed()
            if port != TLS_PORT and (smtp.has_extn("starttls") or host not in LOOPBACK):
                smtp.starttls(context=self._trusted)
                smtp.ehlo()
            yield smtp
            with suppress(OSError):
                smtp.quit()
        finally:
            end.cancel()
            smtp.close()

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        """Log in, if there is a user: once, since each refusal counts where accounts are locked after some."""
        if self._channel.user is None or self._channel.password is None:
            return
        smtp.user, smtp.password = self._channel.user, self._channel.password.get_secret_value()
        ways: dict[str, Any] = {"PLAIN": smtp.auth_plain, "LOGIN": smtp.auth_login, "CRAM-MD5": smtp.auth_cram_md5}
        offered = smtp.esmtp_features.get("auth", "").upper().split()
        way = next((way for way in ways if way in offered), None)
        if way is None:
            raise ChannelRefusedError("the mail server offers no login by user and password")
        try:
            smtp.auth(way, ways[way])
        except UnicodeError:
            raise ChannelRefusedError("user and password have to be of ASCII characters") from None
        except smtplib.SMTPAuthenticationError as error:
            raise _answered(error.smtp_code, "the login", LOGIN_WAY_OUT) from None


LOGIN_WAY_OUT = "check user and password; many providers want a password of its own for programs"
SENDER_WAY_OUT = "the user may have to log in, or to send from another address: check user, password and sender"
MAIL_WAY_OUT = "it takes it for spam or for too large, or lets this user send no more today"


def _hand_over(smtp: smtplib.SMTP, channel: SmtpChannel, content: bytes) -> None:
    """Have the server take a mail. Raises NotSentError, and smtplib's errors as long as it cannot have taken it."""
    code, _ = smtp.docmd("MAIL", f"FROM:<{channel.sender}>")
    if not _is_yes(code):
        raise _answered(code, "the sender", SENDER_WAY_OUT)
    refused = {place: code for place, code in enumerate(_recipients(smtp, channel.to), 1) if not _is_yes(code)}
    if len(refused) == len(channel.to):
        raise _answered(max(refused.values()), "every recipient", "check the addresses in `to`")
    code, _ = smtp.docmd("DATA")
    if code != 354:
        raise _answered(code, "the mail", MAIL_WAY_OUT)
    smtp.send(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
    try:
        code, _ = smtp.getreply()
    except smtplib.SMTPException:
        code = 0
    if not (_is_yes(code) or 400 <= code < 600):
        raise OutcomeUnknownError("the mail server was given the mail and did not say whether it took it")
    if not _is_yes(code):
        raise _answered(code, "the mail", MAIL_WAY_OUT)
    if refused:
        others = ", ".join(f"{code} for address {place} in `to`" for place, code in refused.items())
        taken = len(channel.to) - len(refused)
        raise ChannelRefusedError(f"the mail server took it for {taken} of {len(channel.to)} addresses: {others}")


def _is_yes(code: int) -> bool:
    return 200 <= code < 300


def _recipients(smtp: smtplib.SMTP, to: Sequence[str]) -> Iterator[int]:
    for address in to:
        code, _ = smtp.docmd("RCPT", f"TO:<{address}>")  # smtplib's own way would make another one of a(b)c@…
        yield code


def _answered(code: int, what: str, way_out: str) -> NotSentError:
    """The error of an answer. The server's own words can hold addresses and more, so they are not passed on."""
    if 400 <= code < 500:
        return ChannelBusyError(f"the mail server answered {code} to {what}")
    said = str(code) if code > 0 else "what is no SMTP"
    return ChannelRefusedError(f"the mail server answered {said} to {what}; {way_out}")


def _failure_of(error: Exception) -> NotSentError:
    """What went wrong before a mail can have been taken, in our own words."""
    match error:
        case smtplib.SMTPServerDisconnected():
            return ChannelBusyError("the mail server broke off or did not answer; is the port right?")
        case smtplib.SMTPResponseException(smtp_code=code):
            return _answered(code, "the connection", "check host and port")
        case smtplib.SMTPNotSupportedError():
            return ChannelRefusedError(f"the mail server offers no TLS at this port; try {TLS_PORT} or 587")
        case smtplib.SMTPException():
            return ChannelRefusedError(f"the mail server is not understood: {type(error).__name__}")
        case ssl.SSLCertVerificationError():
            return ChannelRefusedError(f"the mail server's certificate is not good: {error.verify_message}")
        case ssl.SSLError():
            return ChannelRefusedError(f"the mail server speaks no TLS at this port; try {TLS_PORT} or 587")
        case socket.gaierror():
            return ChannelBusyError("the mail server has no address; is the host right?")
        case OSError():
            return ChannelBusyError(f"the mail server cannot be reached: {type(error).__name__}")
        case _:
            return ChannelRefusedError(
                "an address, the user or the server's answer has characters that mail cannot take"
            )


def _break_off(smtp: smtplib.SMTP) -> None:
    if smtp.sock:
        with suppress(OSError):  # it may be closed by now
            smtp.sock.shutdown(socket.SHUT_RDWR)
