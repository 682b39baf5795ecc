"""A run: which days it visits, and what it makes of a day's listing and records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from paperboy.days.records import DayRecords, DigestRecord, Findings, Run, papers_hash
from paperboy.errors import validation_message
from paperboy.papers.listing import Listing, Rejection
from paperboy.papers.paper import Paper

RECENT_DAYS = 3
"""Listing days that every run visits: papers and votes come late."""
VISITED_DAYS = 31
"""Listing days up to which missed and open ones are visited."""

FIRST_TIME, END_TIME = dt.datetime(2, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
"""Between these a time has a month before it, and is a time in every zone."""

PLACEHOLDER = "<aws.scheduler.scheduled-time>"
"""What EventBridge replaces by the schedule's own time, and an emulator hands over as it is."""


Report = dict[str, str | int]
"""What came of a visit to a day: its `status`, and the counts or the reason."""


class RequestError(ValueError):
    """An event that asks for no run; the message says what is wrong with it."""


class RunRequest(BaseModel):
    """What the schedule, or `paperboy run`, asks for."""

    model_config = ConfigDict(frozen=True)

    time: Annotated[AwareDatetime, Field(ge=FIRST_TIME, lt=END_TIME)]
    """The time that the run was scheduled for. A run delivered twice carries the same."""
    due: bool = False
    """Whether it is the day's last run."""
    day: dt.date | None = None
    """One listing day; without it, the days that `time` calls for."""
    again: bool = False
    """Whether a day counts as found anew where nothing in it is, for whoever works on the functions."""


def read_request(event: Mapping[str, object], now: dt.datetime) -> RunRequest:
    """The request in an event, `now` where the readers are.

    `now` stands for the schedule's time where that is not filled in. Raises RequestError, also for a day that is yet to
    come: a source that ignores dates would have its newest papers published as that day's, and in place of `latest`.
    """
    filled_in = {"time": now.astimezone(dt.UTC)} if event.get("time") == PLACEHOLDER else {}
    try:
        request = RunRequest.model_validate({**event, **filled_in})
    except ValidationError as error:
        message = validation_message(error)
        raise RequestError(f'the event is not {{"time": …, "due"?: …, "day"?: …, "again"?: …}}: {message}') from error
    if request.day and request.day > now.date():
        raise RequestError(f"the day {request.day} is yet to come: where the readers are it is {now.date()}")
    return request


def month_before(time: dt.datetime, time_zone: dt.tzinfo) -> list[dt.date]:
    """The VISITED_DAYS listing days up to the one before `time`, where the readers are, newest first."""
    newest = time.astimezone(time_zone).date() - dt.timedelta(days=1)
    return [newest - dt.timedelta(days=back) for back in range(VISITED_DAYS)]


def days_to_visit(
    month: Sequence[dt.date], digests: Mapping[dt.date, DigestRecord], attempts: Mapping[dt.date, int]
) -> list[dt.date]:
    """The days of `month` (newest first) that a run looks at, in that order.

    These are the RECENT_DAYS newest, every day since the newest digest, and every open day: its newest run, of the
    `attempts`, is not what its digest is of, or the digest can be mended.
    """
    newest_digest = max(digests, default=None)

    def is_open(day: dt.date) -> bool:
        digest = digests.get(day)
        return day in attempts and (digest is None or digest.open or digest.attempt != attempts[day])

    return [
        day
        for place, day in enumerate(month)
        if place < RECENT_DAYS or (newest_digest and day > newest_digest) or is_open(day)
    ]


@dataclass(frozen=True)
class Versions:
    """What a day's digest is made with, besides its papers."""

    policy_hash: str
    prompt_version: str
    model: str | None = None


@dataclass(frozen=True)
class Visit:
    """What a visit to a day has to write, and what it saw."""

    run: Run
    changed_papers: tuple[Paper, ...]
    """The papers that differ from their records."""
    status: str
    """listed, nothing new, no papers, or broken."""

    @property
    def report(self) -> Report:
        """The same in a few words, for the log and for whoever asked."""
        return {
            "status": self.status,
            "listed": self.run.listed,
            "rejected": len(self.run.broken_listing or self.run.rejections),
            "changed": len(self.changed_papers),
            "attempt": self.run.attempt,
        }


def visit(records: DayRecords, listing: Listing | None, request: RunRequest, versions: Versions) -> Visit:
    """What `listing` makes of a day: the papers that changed, and the run, the recorded one where nothing is to do.

    What earlier listings said of a paper stays where this one has no value, and papers that it lacks are kept. A
    listing without one good paper leaves a day that has papers as it is, and its run says what was wrong. Where there
    is no listing, the last run's findings stand, so that an open day is still mended and a due one still comes out.
    """
    last = records.run
    papers = [_updated(records, paper) for paper in (listing.papers if listing else ())]
    changed = tuple(paper for paper in papers if paper != records.papers.get(paper.id))
    if last and (listing is None or (last.ids and not papers)):
        findings = last.findings.replaced(**asdict(versions))
        broken_listing = listing.rejections if listing else last.broken_listing
    else:
        findings = _findings(records, papers, listing.rejections if listing else (), versions)
        broken_listing = ()
    run = next_run(records, findings, request, broken_listing, papers_changed=bool(changed))
    return Visit(run, changed, _status(run, records))


def next_run(
    records: DayRecords,
    findings: Findings,
    request: RunRequest,
    broken_listing: tuple[Rejection, ...] = (),
    papers_changed: bool = False,
) -> Run:
    """The run that follows the recorded one: that one itself where there is nothing to do.

    There is something to do when the day looks different, when papers changed, when it is open and this run was not
    counted yet, or when it is wanted `again`. A run that comes late does not take back what a later one said.
    """
    previous = records.run
    if previous is None:
        return Run(
            **dict(findings),
            attempt=records.last_attempt + 1,
            scheduled_at=request.time,
            due=request.due,
            broken_listing=broken_listing,
        )
    late = request.time <= previous.scheduled_at
    if papers_changed or findings != previous.findings or (records.open and not late) or request.again:
        return Run(
            **dict(findings),
            attempt=previous.attempt + 1,
            scheduled_at=max(request.time, previous.scheduled_at),
            due=previous.due if late else request.due,
            broken_listing=broken_listing,
        )
    # A broken listing is recorded, and gives nothing to rank or publish anew.
    same = broken_listing == previous.broken_listing
    return previous if same else previous.replaced(broken_listing=broken_listing)


def _findings(
    records: DayRecords, listed: Sequence[Paper], rejections: Sequence[Rejection], versions: Versions
) -> Findings:
    """The listed papers, then those that only earlier listings had, in the order that the last run gave them."""
    places = {paper_id: place for place, paper_id in enumerate(records.run.ids if records.run else ())}
    listed_ids = {paper.id for paper in listed}
    kept = [paper for paper in records.papers.values() if paper.id not in listed_ids]
    kept.sort(key=lambda paper: places.get(paper.id, len(places)))
    papers = [*listed, *kept]
    # A bad item of a paper that is recorded costs nothing: the paper is kept, and counted once.
    lost = tuple(rejection for rejection in rejections if rejection.item not in records.papers)
    return Findings(
        ids=tuple(paper.id for paper in papers),
        papers_hash=papers_hash(papers),
        **asdict(versions),
        listed=len(listed) + len(lost),
        kept=len(kept),
        rejections=lost,
    )


def _updated(records: DayRecords, paper: Paper) -> Paper:
    recorded = records.papers.get(paper.id)
    return recorded.updated_by(paper) if recorded else paper


def _status(run: Run, records: DayRecords) -> str:
    if run.broken_listing or len(run.rejections) == run.listed > 0:
        return "broken"
    if not run.ids:
        return "no papers"
    return "nothing new" if run is records.run else "listed"
