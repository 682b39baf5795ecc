"""`paperboy channels`: where a stack's digests are announced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from rich.text import Text

from paperboy_cli.errors import PaperboyError, StoppedError
from paperboy_cli.options import AsJson, InAws, Profile, Region, Sample, named_stack
from paperboy_cli.terminal import console, print_json, printable, waiting, warn

if TYPE_CHECKING:
    from paperboy.announcements.channel import Channel
    from paperboy_cli.stack.channels import ChannelStore

GETS = {
    "digests": "each digest",
    "trophies": "the papers with a trophy, of each digest that has some",
    "weekly": "the best of each week, with the first digest of the next",
}
"""What a channel gets, by the word for it."""
SANDBOX = (
    "A new account's SES is in its sandbox: the sender and each recipient have to be verified there first (SES console,"
    " Identities), and its account dashboard has the request to leave it."
)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""Announce digests where their readers are: in Feishu, WeCom, DingTalk, Telegram, by mail, or to a webhook.

    A channel is kept in the stack's Parameter Store, as a SecureString. Its secrets are never shown again.""",
)


def parse_name(text: str) -> str:
    """A channel's name. Raises BadParameter."""
    from pydantic import TypeAdapter, ValidationError

    from paperboy.announcements.channel import ChannelName

    try:
        return TypeAdapter[str](ChannelName).validate_python(text)
    except ValidationError:
        expected = "small letters, digits and hyphens, 32 at most, and no hyphen in front"
        raise typer.BadParameter(f"{printable(text)!r} is no name for a channel: write it in {expected}.") from None


def parse_kind(text: str) -> str:
    """A kind of channels. Raises BadParameter."""
    from paperboy_cli.commands.channels.fields import CHANNELS

    if text not in CHANNELS:
        raise typer.BadParameter(f"{printable(text)!r} is no kind of channel; there are {', '.join(CHANNELS)}.")
    return text


def parse_subscription(text: str) -> str:
    """What a channel gets. Raises BadParameter."""
    from paperboy.announcements.channel import Subscription

    if text not in (words := get_args(Subscription)):
        raise typer.BadParameter(f"{printable(text)!r} is nothing that a channel can get: it is {', '.join(words)}.")
    return text


KnownName = Annotated[str, typer.Argument(metavar="NAME", help="What the channel is called.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(parser=parse_name, metavar="NAME", help="What you call the channel.")],
    kind: Annotated[
        str,
        typer.Argument(
            parser=parse_kind, metavar="KIND", help="feishu, wecom, dingtalk, telegram, ses or smtp (mail), or webhook."
        ),
    ],
    gets: Annotated[
        str,
        typer.Option(
            parser=parse_subscription,
            metavar="WHAT",
            help="digests: each; trophies: the papers with a trophy alone; weekly: the best of each week.",
        ),
    ] = "digests",
    chat: Annotated[str, typer.Option(metavar="CHAT", help="Telegram: a channel's @name, or a chat's number.")] = "",
    api: Annotated[str, typer.Option(metavar="URL", help="Telegram: where the Bot API is, if not at Telegram's.")] = "",
    sender: Annotated[str, typer.Option(metavar="ADDRESS", help="Mail: whom it comes from.")] = "",
    to: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Mail: whom it goes to; may be repeated.")
    ] = None,
    server: Annotated[str, typer.Option("--host", metavar="HOST", help="smtp: the server.")] = "",
    port: Annotated[str, typer.Option(metavar="PORT", help="smtp: its port; else 587.")] = "",
    user: Annotated[str, typer.Option(metavar="NAME", help="smtp: the user there, if it asks for one.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take what is said, and replace a channel.")] = False,
    sample: Sample = False,
    stack: InAws = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Add a channel, or replace one. It asks for what is missing.

    Secrets are no options, since shells keep those: they are asked for and not shown, or taken from
    PAPERBOY_CHANNEL_URL, PAPERBOY_CHANNEL_SECRET, PAPERBOY_CHANNEL_TOKEN and PAPERBOY_CHANNEL_PASSWORD.
    """
    from paperboy.announcements.channel import ChannelError
    from paperboy_cli.commands.channels.questions import new_channel
    from paperboy_cli.commands.deploy.questions import can_ask
    from paperboy_cli.gate import OWN_HOSTS
    from paperboy_cli.stack.channels import server_of

    texts = {"chat": chat, "api": api, "sender": sender, "to": ",".join(to or []), "host": server, "port": port}
    options = {field: text for field, text in (texts | {"user": user}).items() if text}
    with _store(stack, profile, region, sample) as store:
        if not yes and name in store.names():
            _agree(f"{store.stack.name} has a channel {name} already. Replace it?", "replaces it")
        channel = new_channel(kind, gets, options, asks=not yes and can_ask())
        try:
            store.put(name, channel)
        except ChannelError as error:
            raise PaperboyError(f"{error}.") from error
    _show_added(store, name, channel)
    if stack and server_of(channel) in OWN_HOSTS:
        console.print("It leads to this machine, which a stack in AWS cannot reach.", style="yellow")


@app.command("list")
def list_(
    as_json: AsJson = False,
    sample: Sample = False,
    stack: InAws = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show the channels of a stack: what each gets and where it leads, and no secret."""
    with _store(stack, profile, region, sample) as store:
        channels, unreadable = _read_all(store)
    if as_json:
        print_json({"channels": channels, "unreadable": unreadable}, 1)
    elif not channels and not unreadable:
        command = f"paperboy channels add NAME KIND{store.options}"
        console.print(f"{store.stack.name} has no channel: `{command}` adds one.", soft_wrap=True)
    width = max((len(each["name"]) for each in channels), default=0)
    for each in () if as_json else channels:
        line = f"{each['name']:<{width}}  {each['kind']:<8}  {each['gets']:<8}  {each['to']}"
        console.print(Text(printable(line)), soft_wrap=True)
    for reason in unreadable.values():
        warn(printable(reason))


@app.command("test")
def send(
    name: KnownName, sample: Sample = False, stack: InAws = None, profile: Profile = None, region: Region = None
) -> None:
    """Send a short message to a channel, from this machine, and show what the channel answers.

    Mail by SES is sent with your own credentials. It ends with 1 where the message is not sent.
    """
    from paperboy.languages.language import load_language
    from paperboy_cli.commands.channels.greet import greet

    with _store(stack, profile, region, sample) as store:
        _check_known(store, name)
        channel = _read(store, name)
        language = load_language(store.host.describe(store.stack).parameters["Language"])
        with waiting(f"asking {channel.kind} …"):
            answer = greet(store, name, channel, language)
    console.print(Text(answer), soft_wrap=True)


@app.command()
def remove(
    name: KnownName,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    sample: Sample = False,
    stack: InAws = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Remove a channel: nothing is announced there any more."""
    from paperboy_cli.stack.channels import NoChannelError

    with _store(stack, profile, region, sample) as store:
        _check_known(store, name)
        if not yes:
            _agree(f"Remove the channel {name} from {store.stack.name}?", "removes it")
        with suppress(NoChannelError):
            store.remove(name)
    console.print(f"Removed: {store.key(name)} is gone from Parameter Store.")


@contextmanager
def _store(stack: str | None, profile: str | None, region: str | None, sample: bool) -> Iterator[ChannelStore]:
    """The channels of the stack that the options name. What is refused in here is said in a sentence.

    Raises PaperboyError where the stack is not there.
    """
    from paperboy_cli.commands.deploy import stopped
    from paperboy_cli.stack.channels import ChannelStore

    host, which = named_stack(stack, profile, region, sample)
    with host.explained(), stopped("nothing was changed."):
        host.describe(which)
        yield ChannelStore(host, which)


def _agree(question: str, what: str) -> None:
    """Have a person agree. Raises StoppedError where they do not, and PaperboyError where nobody is here."""
    from paperboy_cli.commands.deploy.questions import can_ask

    if not can_ask():
        raise PaperboyError(f"{question} Nobody is here to be asked: --yes {what}.")
    if not typer.confirm(question):
        raise StoppedError("nothing was changed.")


def _read(store: ChannelStore, name: str) -> Channel:
    """A channel. Raises PaperboyError where it cannot be read."""
    from paperboy.announcements.channel import ChannelError
    from paperboy_cli.stack.channels import NoChannelError

    try:
        with store.host.explained():
            return store.read(name)
    except NoChannelError:
        raise PaperboyError(f"the channel {name} is gone.") from None
    except PaperboyError as error:
        raise PaperboyError(f"the channel {name} cannot be read: {error}") from error
    except ChannelError as error:
        again = f"`paperboy channels add {name} KIND{store.options}` replaces it"
        raise PaperboyError(printable(f"the channel {name} cannot be read: {error}. {again}.")) from None


def _read_all(store: ChannelStore) -> tuple[list[dict[str, str]], dict[str, str]]:
    """What may be shown of each channel, and by name why others cannot be read."""
    from paperboy_cli.stack.channels import destination

    channels, unreadable = [], {}
    for name in store.names():
        try:
            channel = _read(store, name)
        except PaperboyError as error:
            unreadable[name] = str(error)
        else:
            channels.append({"name": name, "kind": channel.kind, "gets": channel.gets, "to": destination(channel)})
    return channels, unreadable


def _check_known(store: ChannelStore, name: str) -> None:
    """Raises PaperboyError where the stack has no such channel."""
    if name not in (names := store.names()):
        there = f"there are {', '.join(names)}" if names else "it has none"
        raise PaperboyError(printable(f"{store.stack.name} has no channel {name}: {there}."))


def _show_added(store: ChannelStore, name: str, channel: Channel) -> None:
    """Say what was kept and where, what it gets, and how it is tried."""
    from paperboy_cli.stack.channels import destination

    lines = [
        f"\n{name} leads to {destination(channel)}, and gets {GETS[channel.gets]}.",
        f"It is kept in the stack's Parameter Store as {store.key(name)}, a SecureString.",
        *([SANDBOX] if channel.kind == "ses" else []),
        f"`paperboy channels test {name}{store.options}` sends it a message.",
    ]
    console.print(Text(printable("\n".join(lines))), soft_wrap=True)
