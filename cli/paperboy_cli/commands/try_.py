"""`paperboy try`: papers through a model, and what each of its replies came to; nothing is kept or published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from paperboy_cli.days import today
from paperboy_cli.errors import PaperboyError, StoppedError
from paperboy_cli.options import AnyListing, AsJson, InAws, Profile, Region, stack_in_aws
from paperboy_cli.terminal import console, print_json, printable, waiting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from paperboy.papers.paper import Paper
    from paperboy_cli.commands.trial import Candidate, Reply, Trial
    from paperboy_cli.options import DayOrFile

USUAL_PAPERS = 3
INDENT = 4


def try_(
    listing: AnyListing,
    paper_id: Annotated[str | None, typer.Option("--id", metavar="ID", help="This paper of the listing.")] = None,
    most: Annotated[
        int | None,
        typer.Option(
            "--most", min=1, metavar="N", help=f"The first N papers of the digest; {USUAL_PAPERS} by default."
        ),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="What the model tells in: zh or en; by default the stack's, else zh.")
    ] = None,
    stack: InAws = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Have a model tell of some papers, with the prompt, checks and repair that a stack has, and show each reply.

    Nothing is kept, published or counted in a budget; the model's provider is paid as ever. Papers are taken from the
    top of the day's ranking. Ends with 0 where the model tells of every paper, else with 1.

    The environment names the model as it does for `up`: LLM_BASE_URL, LLM_MODEL, LLM_API_KEY, LLM_EXTRA,
    MAX_OUTPUT_TOKENS. Or it says SUMMARIZER=bedrock and BEDROCK_MODEL, which is asked with your own credentials.
    PRICE_INPUT and PRICE_OUTPUT are US dollars for a million tokens. With --stack it is that stack's model, with its
    parameters and its key from Parameter Store.

    To compare two models, or the prompt before and after an edit of `shared/paperboy/languages/CODE.md`: try both on
    one saved listing, and look at the two tables, or at what --json says.
    """
    from paperboy_cli.commands.trial import candidate_of_environment, candidate_of_stack

    if paper_id and most:
        raise typer.BadParameter("--id is one paper and --most are several: leave one of them out.")
    in_aws = stack_in_aws(stack, profile, region)
    with candidate_of_stack(*in_aws, language) if in_aws else candidate_of_environment(language) as candidate:
        papers = _chosen(listing, paper_id, most or USUAL_PAPERS)
        trials: list[Trial] = []
        try:
            _try(candidate, papers, trials, as_json)
        except KeyboardInterrupt:
            raise StoppedError(f"stopped after {len(trials)} of {len(papers)} papers.") from None
        finally:
            if as_json:
                print_json([trial.as_json() for trial in trials], indent=1)
            elif trials:
                console.print(_table(candidate, trials))
    if not all(trial.by_model for trial in trials):
        raise typer.Exit(1)


def _chosen(place: DayOrFile, paper_id: str | None, most: int) -> list[Paper]:
    """The papers to try. Raises PaperboyError where the listing has none, or not the one that is asked for."""
    from paperboy.papers.ranking import rank
    from paperboy_cli.commands.inputs import load_listing, load_own_policy

    listing, day = load_listing(place)
    papers = {paper.id: paper for paper in listing.papers}
    if paper_id and paper_id not in papers:
        raise PaperboyError(f"{place} has no paper {paper_id}: `paperboy rank {place}` shows those that it has.")
    if not papers:
        raise PaperboyError(f"{place} has no papers: there is nothing to try.")
    ranking = rank(listing.papers, load_own_policy(None), day or today())
    return [papers[paper_id]] if paper_id else [papers[row.id] for row in ranking.selected[:most]]


def _try(candidate: Candidate, papers: list[Paper], trials: list[Trial], as_json: bool) -> None:
    """Try the papers one after the other, show what happens, and append what came of each to `trials`."""
    from paperboy_cli.commands.trial import try_paper

    for place, paper in enumerate(papers, start=1):
        text = f"{place} of {len(papers)}: {candidate.model.name} {candidate.provider} is asked about {paper.id} …"
        if as_json:
            with waiting(text):
                trials.append(try_paper(candidate, paper, lambda _: None))
            continue
        console.print(Text.assemble(f"{place}. ", (paper.id, "bold"), " ", printable(paper.title)), soft_wrap=True)
        with console.status(Text(text)):
            trials.append(try_paper(candidate, paper, _show_reply))
        _show_outcome(candidate, trials[-1])


def _show_reply(reply: Reply) -> None:
    console.print(Text(printable(reply.text)), style="cyan", soft_wrap=True)
    if reply.refusal:
        _show_note(f"refused: {reply.refusal}", "yellow")


def _show_outcome(candidate: Candidate, trial: Trial) -> None:
    outcome = trial.outcome
    if trial.by_model:
        note = "told by the model" if outcome.reason is None else "told by the model after a repair"
        _show_note(note, "green")
    else:
        _show_note(f"not told, and on the rung {outcome.summary.rung}: {outcome.reason}", "red")
    read, written, cost, seconds = _figures(candidate, [trial])
    requests = f"{trial.requests} request{'s' * (trial.requests != 1)}"
    _show_note(f"{requests}, {read} tokens in, {written} out, {cost} USD, {seconds} s", "dim")
    console.print()


def _show_note(text: str, style: str) -> None:
    console.print(Padding(Text(printable(text), style=style), (0, 0, 0, INDENT), expand=False))


def _table(candidate: Candidate, trials: list[Trial]) -> Table:
    from rich import box
    from rich.table import Table

    by_model = sum(trial.by_model for trial in trials)
    table = Table(
        title=f"{by_model} of {len(trials)} told by {candidate.model.name} {candidate.provider}",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_footer=True,
    )
    totals = ("requests", "calls", "in", "out", "USD", "seconds")
    requests, calls = (sum(trial.requests for trial in trials), sum(trial.outcome.usage.calls for trial in trials))
    table.add_column("paper", footer="together", no_wrap=True)
    table.add_column("rung", no_wrap=True)
    table.add_column("refused", footer=str(sum(_refused(trial) for trial in trials)), justify="right", no_wrap=True)
    for heading, total in zip(totals, (requests, calls, *_figures(candidate, trials)), strict=True):
        table.add_column(heading, footer=str(total), justify="right", no_wrap=True)
    for trial in trials:
        counts = _refused(trial), trial.requests, trial.outcome.usage.calls, *_figures(candidate, [trial])
        table.add_row(
            trial.paper.id, trial.outcome.summary.rung, *map(str, counts), style="" if trial.by_model else "red"
        )
    return table


def _refused(trial: Trial) -> int:
    return sum(reply.refusal is not None for reply in trial.replies)


def _figures(candidate: Candidate, trials: Iterable[Trial]) -> tuple[str, str, str, str]:
    """Tokens in and out, cost and seconds; ? where the provider did not say, and for a cost without prices."""
    trials = list(trials)
    usages = [trial.outcome.usage for trial in trials]
    counted = all(trial.counted for trial in trials)
    priced = counted and any((candidate.prices.input, candidate.prices.output))
    return (
        f"{sum(usage.input_tokens for usage in usages):,}" if counted else "?",
        f"{sum(usage.output_tokens for usage in usages):,}" if counted else "?",
        f"{sum(usage.cost for usage in usages) / 1_000_000:.4f}" if priced else "?",
        f"{sum(trial.seconds for trial in trials):.1f}",
    )
