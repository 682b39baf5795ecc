"""`paperboy search`: papers of all published days, by the words of their texts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from paperboy_cli.errors import PaperboyError
from paperboy_cli.options import AsJson, InAws, Profile, Region, Sample, named_stack
from paperboy_cli.terminal import console, print_json, printable, waiting, warn

if TYPE_CHECKING:
    from paperboy.archive.month import Month
    from paperboy.archive.search import Found
    from paperboy_cli.stack.deployed import Deployed


def search(
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORDS...", help="What a paper has to have: all of these, or parts of words."),
    ],
    sample: Sample = False,
    stack: InAws = None,
    profile: Profile = None,
    region: Region = None,
    best: Annotated[bool, typer.Option("--best", help="The highest scores first, not the newest papers.")] = False,
    most: Annotated[int, typer.Option(min=1, metavar="N", help="How many papers are shown at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Find papers of all published days, also those that were left out, as the page search.html does.

    Titles, summaries, highlights, organizations, authors, keywords, tags, ids and dates are searched. Case does not
    matter.

    It ends with 1 where nothing is found, as grep does.
    """
    from paperboy.archive.search import words_of
    from paperboy_cli.stack.deployed import Deployed

    wanted = words_of(" ".join(words))
    if not wanted:
        raise typer.BadParameter("expected a word to look for.")
    host, which = named_stack(stack, profile, region, sample)
    with host.explained():
        deployed = Deployed(host, which)
    unreadable: list[str] = []
    papers = _found(deployed, wanted, best, unreadable)
    found = list(islice(papers, most))
    rest = next(papers, None) is not None
    if as_json:
        print_json({"papers": [_fields(deployed, each) for each in found], "more": rest, "unreadable": unreadable}, 1)
    for each in () if as_json else found:
        console.print(_text(each), soft_wrap=True)
    if not found:
        raise PaperboyError(_nothing(wanted, unreadable))
    if rest and not as_json:
        console.print(f"There are more; `--most {2 * most}` shows {2 * most}.")


def _found(deployed: Deployed, words: tuple[str, ...], best: bool, unreadable: list[str]) -> Iterator[Found]:
    """The papers in which all words occur; without `best` no month is read before its papers are asked for."""
    from paperboy.archive.search import best_first, find

    found = (each for month in _months(deployed, unreadable) for each in find(month, words))
    yield from best_first(found) if best else found


def _months(deployed: Deployed, unreadable: list[str]) -> Iterator[Month]:
    """The months of a stack's archive, newest first. One that cannot be read is said, and is then `unreadable`.

    Raises PaperboyError where there is no archive.
    """
    from paperboy.adapters.bucket import PageError
    from paperboy.archive.month import ArchiveError, Month
    from paperboy.archive.site import SHARDS_PREFIX, month_of_shard, shard_key

    with deployed.host.explained():
        months = sorted(filter(None, map(month_of_shard, deployed.bucket.keys(SHARDS_PREFIX))), reverse=True)
    if not months:
        options = deployed.host.options(deployed.stack)
        raise PaperboyError(
            f"{deployed.stack.name} has no archive to search yet: `paperboy catalog{options}` makes it of the published"
            f" days, and `paperboy run{options}` a day."
        )
    for name in months:
        try:
            with waiting(f"{name} …"), deployed.host.explained():
                month = Month.of_shard(deployed.bucket.read(shard_key(name)))
        except (PaperboyError, PageError, ArchiveError) as error:
            warn(printable(f"{name} could not be read, so its papers are not found: {error}"))
            unreadable.append(name)
        else:
            yield month


def _nothing(words: tuple[str, ...], unreadable: list[str]) -> str:
    """That nothing was found, and what to try."""
    where = " that could be read" if unreadable else ""
    tried = "another word or a shorter one" if len(words) == 1 else "fewer words or shorter ones"
    return f"no paper{where} has {printable(' and '.join(words))} in its texts: {tried} may find it."


def _text(found: Found) -> Text:
    """A paper for a person, with its link."""
    paper = found.paper
    place = "left out" if paper.number is None else f"no. {paper.number}"
    title = f"{paper.title} ({paper.title_en})" if paper.title else paper.title_en
    about = [str(found.day), place, paper.organization, f"{paper.score:.2f}", *paper.tags]
    text = Text.assemble(
        "🏆 " if paper.trophy else "", (_line(title), "bold"), "\n", ("  " + _line(" · ".join(about)), "dim")
    )
    return text.append(f"\n  {paper.link}")


def _line(text: str) -> str:
    """Somebody else's text, as the pages show it, for the terminal."""
    from paperboy.pages.text import visible

    return printable(visible(text))


def _fields(deployed: Deployed, found: Found) -> dict[str, Any]:
    """A paper for a program, with the address of its entry where it is in and everybody may read that."""
    from paperboy.pages.site import digest_key

    links = deployed.links()
    is_read = found.paper.number is not None and not links.signed
    entry = f"{links.to(digest_key(found.day))}#{found.paper.id}" if is_read else None
    return {"day": str(found.day), **found.paper.model_dump(mode="json"), "entry": entry}
