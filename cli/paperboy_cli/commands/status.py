"""`paperboy status`: what runs, what is published, and what went wrong, for a program and for a person."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from paperboy_cli.options import AsJson, InAws, Profile, Region, Sample, stack_in_aws
from paperboy_cli.terminal import console, print_json

if TYPE_CHECKING:
    from paperboy.days.records import DigestRecord
    from paperboy.summaries.usage import Usage
    from paperboy_cli.project.settings import Settings
    from paperboy_cli.stack.deployed import Deployed
    from paperboy_cli.stack.host import Host, Stack
    from paperboy_cli.stack.links import Links

CLEAR_SECONDS = 60
"""How long what failed for good is hidden from others, before it is deleted."""
AFTER_PUBLICATION = "catalog", "announce"
"""The functions whose work a day's coming out again does not mend."""
MAX_SHOWN_DIGESTS = 10
"""How many digests a person is shown, the newest."""


def status(
    sample: Sample = False,
    stack: InAws = None,
    profile: Profile = None,
    region: Region = None,
    days: Annotated[int, typer.Option(min=1, max=7, help="How long signed links open, in days.")] = 7,
    clear: Annotated[
        bool,
        typer.Option("--clear", help="Forget what failed for good: delete it from its queues, and show it once more."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what runs, what is published and where it is read, what the model took, and what went wrong.

    The pages of a private stack (Access) are read through signed links, and it says when those end; all of them with
    `paperboy open`.
    """
    in_aws = stack_in_aws(stack, profile, region, sample)
    answer = _in_aws(*in_aws, days, clear) if in_aws else _local(sample, days, clear)
    if as_json:
        print_json(answer, indent=1)
        return
    if "up" in answer:
        console.print(_state_text(answer, "paperboy up --sample" if sample else "paperboy up"))
    for each in answer["stacks"]:
        show(each, options=in_aws[0].options(in_aws[1]) if in_aws else None)


def _in_aws(host: Host, stack: Stack, days: int, clear: bool) -> dict[str, Any]:
    from paperboy_cli.project.settings import Settings
    from paperboy_cli.stack.deployed import Deployed

    with host.explained():
        return {"stacks": [status_of(Deployed(host, stack), days, Settings.in_aws(stack.name), clear)]}


def _local(sample: bool, days: int, clear: bool) -> dict[str, Any]:
    from paperboy_cli.local.deployment import LIVE, SAMPLE
    from paperboy_cli.local.emulator import Local
    from paperboy_cli.project.settings import Settings
    from paperboy_cli.stack.deployed import Deployed

    local = Local()
    settings = {LIVE: Settings.of_laptop(local.home)}
    with local.explained():
        running = sorted(local.running())
        up = "emulator" in running
        wanted = (SAMPLE,) if sample else (LIVE, SAMPLE)
        stacks = [stack for stack in wanted if up and local.describe_if_deployed(stack)]
        return {
            "up": up,
            "url": local.url if up else None,
            "running": running,
            "stacks": [status_of(Deployed(local, stack), days, settings.get(stack), clear) for stack in stacks],
        }


def status_of(deployed: Deployed, days: int, settings: Settings | None = None, clear: bool = False) -> dict[str, Any]:
    """The status of a stack and of its `settings`, for a program; signed links in it are good for `days`.

    With `clear`, what failed for good is in it for the last time.
    """
    from paperboy.archive.site import DAILY_FEED_KEY, INDEX_KEY, SEARCH_KEY
    from paperboy.pages.site import latest_key
    from paperboy_cli.commands.announce import as_dict
    from paperboy_cli.stack.host import FAILURE_QUEUES

    digests = deployed.table.read_digests(since=dt.date.min)
    links = deployed.links(days)
    usage = deployed.usage()
    chosen = settings.read() if settings else {}
    waiting = deployed.failures()
    letters = deployed.letters(hide_seconds=CLEAR_SECONDS if clear else 0) if any(waiting.values()) else []
    if clear:
        deployed.delete(letters)
    return {
        "name": deployed.stack.name,
        "access": links.access,
        "latest": links.to(latest_key()) if digests else None,
        # These link to others plainly: signed, each alone would open.
        **{
            name: links.to(key) if digests and not links.signed else None
            for name, key in (("index", INDEX_KEY), ("search", SEARCH_KEY), ("feed", DAILY_FEED_KEY))
        },
        "read_with": f"paperboy open{deployed.host.options(deployed.stack)}" if links.signed else None,
        "links_end": links.end.isoformat() if links.end else None,
        "links_end_with_credentials": links.end_with_credentials,
        "settings": chosen,
        "settings_file": str(settings.file) if settings and chosen else None,
        "usage": usage.model_dump() if usage else None,
        "announced": [as_dict(place, delivery) for place, delivery in deployed.announced(newest).items()]
        if (newest := max(digests, default=None))
        else [],
        "waiting": waiting,
        "failures": [letter.as_json() for letter in letters],
        "cleared": clear,
        "queues": {queue: deployed.outputs[queue] for queue in FAILURE_QUEUES},
        "digests": [_digest(day, record, links) for day, record in digests.items()],
    }


def _digest(day: dt.date, record: DigestRecord, links: Links) -> dict[str, Any]:
    from paperboy.pages.site import MARKDOWN, digest_key

    return {
        "day": day.isoformat(),
        "papers": len(record.ids),
        "rungs": record.rungs,
        "open": record.open,
        "published_at": record.published_at.isoformat(),
        "link": links.to(digest_key(day)),
        "markdown": links.to(digest_key(day, MARKDOWN)),
    }


def _state_text(status: dict[str, Any], command: str) -> str:
    """What runs of the local stack, and which command starts what does not."""
    running = ", ".join(status["running"])
    if not status["up"]:
        return f"{f'Only {running}' if running else 'Nothing'} is running; `{command}` starts it."
    missing = "" if status["stacks"] else f" `{command}` deploys the stack."
    return f"Up at {status['url']}: {running}.{missing}"


def show(status: dict[str, Any], options: str | None) -> None:
    """Show a person the status of a stack, in AWS if there are `options` that name it."""
    from paperboy.summaries.usage import Usage

    console.print()
    digests = status["digests"]
    number = f"{len(digests) or 'no'} digest{'s' * (len(digests) != 1)}"
    readers = "on this machine alone" if options is None else status["access"]
    console.print(f"[bold]{status['name']}[/]: {number} published, {readers}")
    for name, key in (("newest", "latest"), ("all days", "index"), ("search", "search"), ("feed", "feed")):
        if status[key]:
            console.print(f"  {name:<10}", Text(status[key]), soft_wrap=True)
    if status["settings"]:
        chosen = ", ".join(f"{name}={value}" for name, value in status["settings"].items())
        console.print(Text(f"  set: {chosen} ({status['settings_file']})"), soft_wrap=True)
    if status["usage"]:
        console.print(f"  this month: {_usage_text(Usage.model_validate(status['usage']))}")
    for digest in digests[-MAX_SHOWN_DIGESTS:]:
        rungs = ", ".join(f"{number} {rung}" for rung, number in sorted(digest["rungs"].items()))
        still_open = "; a later run can mend it" if digest["open"] else ""
        console.print(
            f"  {digest['day']}  {digest['papers']:>2} papers ({rungs}{still_open})",
            Text(digest["link"]),
            soft_wrap=True,
        )
    if status["links_end"] and digests:
        console.print(f"  {_end_text(status)}", soft_wrap=True)
        console.print(Text(f"  All days are read with `{status['read_with']}`, on this machine."), soft_wrap=True)
        console.print(
            "  There are no feeds: a feed reader cannot sign in. With Access unlisted there are.", soft_wrap=True
        )
    for each in status["announced"]:
        state = "sent" if each["sent_at"] else "given up" if each["given_up"] else "not sent yet"
        reason = f": {each['reason']}" if each["reason"] else ""
        style = "" if each["sent_at"] else "yellow"
        text = f"  {each['announcement']} to {each['channel']}: {state}{reason}"
        console.print(Text(text, style=style), soft_wrap=True)
    for queue, number in status["waiting"].items():
        if number:
            console.print(
                f"  [red]{number} failed for good[/], in the queue {queue}: {status['queues'][queue]}", soft_wrap=True
            )
            for line in failure_lines([each for each in status["failures"] if each["queue"] == queue], digests):
                console.print(Text(f"    {line}"), soft_wrap=True)
    if any(status["waiting"].values()):
        console.print(f"  {way_out(status, options or '')}", soft_wrap=True)


def way_out(status: dict[str, Any], options: str) -> str:
    """What to do about what failed for good."""
    if status["cleared"]:
        return "They are forgotten now."
    functions = {each["function"] for each in status["failures"]}
    needs_run = not functions or functions - {*AFTER_PUBLICATION}
    ways = [f"`paperboy run DAY{options}` makes a day again"] if needs_run else []
    ways += [f"`paperboy catalog{options}` makes what is made from many days"] if "catalog" in functions else []
    ways += [f"`paperboy announce DAY{options}` tells the channels"] if "announce" in functions else []
    return ", ".join([*ways, f"and `paperboy status --clear{options}` forgets what failed."])


def failure_lines(failures: list[dict[str, Any]], digests: list[dict[str, Any]]) -> list[str]:
    """What failed for good in a queue, each cause once: the days and papers, the reason, and when it was last.

    It says so where all of its days came out since, which mends nothing that happens after that.
    """
    from paperboy_cli.stack.letters import cause_of

    causes: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for each in failures:
        causes.setdefault((each["function"], cause_of(each["reason"])), []).append(each)
    lines = []
    for (function, _), alike in causes.items():
        days = ", ".join(sorted({day for each in alike for day in each["days"]})) or "no day named"
        papers = ", ".join(sorted({each["paper"] for each in alike if each["paper"]}))
        last = dt.datetime.fromisoformat(alike[-1]["at"])
        times = f"{len(alike)} times, last at" if len(alike) > 1 else "at"
        where = f"{days} ({papers})" if papers else days
        out_since = {digest["day"] for digest in digests if dt.datetime.fromisoformat(digest["published_at"]) > last}
        mended = "; out since" if function not in AFTER_PUBLICATION and {*days.split(", ")} <= out_since else ""
        lines.append(f"{function}, {where}: {alike[-1]['reason']} ({times} {last:%Y-%m-%d %H:%M} UTC{mended})")
    return lines


def _usage_text(usage: Usage) -> str:
    cost = f", about {usage.cost / 1_000_000:.2f} USD" if usage.cost else ""
    return f"{usage.calls:,} model calls, {usage.tokens:,} tokens{cost}"


def _end_text(status: dict[str, Any]) -> str:
    """When a stack's signed links end."""
    end = dt.datetime.fromisoformat(status["links_end"]).astimezone(dt.UTC)
    text = f"These links open until {end:%Y-%m-%d %H:%M} UTC"
    if status["links_end_with_credentials"]:
        text += ", and no longer than the temporary credentials that signed them"
    return f"{text}; `paperboy status` makes new ones."
