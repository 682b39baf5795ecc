"""What a deployment would do, shown to whoever decides on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from rich.text import Text

from paperboy_cli.project.template import PRICES
from paperboy_cli.terminal import console

if TYPE_CHECKING:
    from paperboy_cli.stack.deployment import Change, Proposal
    from paperboy_cli.stack.host import StackDescription


def show_proposal(proposal: Proposal, chosen: Mapping[str, str], before: StackDescription | None) -> None:
    """Show the parameters that change, with their old values, then the resources, and in red what would be lost."""
    console.print("\nThis will be done:", style="bold")
    for line in proposal_lines(proposal, chosen, before):
        console.print(line, soft_wrap=True)


def proposal_lines(proposal: Proposal, chosen: Mapping[str, str], before: StackDescription | None) -> Iterable[Text]:
    """The lines of a proposal. Of a new stack only what was `chosen` is told: all else are defaults."""
    for name, (old, value) in proposal.parameters.items():
        if before is None and name in chosen:
            yield Text(f"  {name} is {value}")
        elif before is not None:
            yield Text(f"  {name} is {value or 'empty'}, and was {old or 'empty'}")
    prices = [proposal.parameters[name][1] for name in PRICES if name in proposal.parameters]
    if prices and all(float(price) == 0 for price in prices):
        yield Text("  Its prices are unknown, so MaxTokensPerMonth alone limits it; --set PriceInput=… PriceOutput=…")
    action_of = attrgetter("action")
    for action, changes in groupby(sorted(proposal.changes, key=action_of), action_of):
        yield Text(f"  {_counted(action, list(changes))}")
    for change in proposal.changes:
        if change.loses:
            yield Text(
                f"  {change.resource}: a new one takes its place, and what the old one holds stays behind", style="red"
            )
        elif change.action == "Remove":
            yield Text(f"  {change.resource} is removed")


def _counted(action: str, changes: list[Change]) -> str:
    """`Add 34: 6 Alarm, 6 Role, …`."""
    kinds = Counter(change.kind.split("::")[-1] for change in changes)
    return f"{action} {len(changes)}: {', '.join(f'{number} {kind}' for kind, number in kinds.most_common())}"
