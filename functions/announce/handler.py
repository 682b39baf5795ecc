"""announce: a digest that came out or changed invokes it; each channel is told of it once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.utilities.typing import LambdaContext

from paperboy.adapters.batch import BatchResponse
from paperboy.adapters.bucket import Bucket
from paperboy.adapters.channels import load_sender
from paperboy.adapters.channels.kept import read_channels
from paperboy.adapters.deliveries import Deliveries
from paperboy.adapters.observe import logger, metrics, report_delivery, report_unreadable_channel
from paperboy.adapters.publications import PendingError, handle_publications, is_asked
from paperboy.adapters.queue import Queue
from paperboy.adapters.settings import AnnounceSettings
from paperboy.announcements.announcement import PublishedDay, announcement_for, why_not_told
from paperboy.announcements.channel import Channel
from paperboy.announcements.compose import compose
from paperboy.announcements.message import Sender
from paperboy.errors import ConflictError
from paperboy.languages.language import load_language
from paperboy.pages.site import JSON, digest_key


@dataclass(frozen=True)
class Announce:
    """What the function works with, and what it does with a day that came out or changed."""

    bucket: Bucket
    deliveries: Deliveries
    channels: Callable[[], Mapping[str, Channel]]
    load: Callable[[Channel], Sender]
    address: str | None  # where readers find the pages; none where they are private, and messages carry the text
    time_zone: ZoneInfo

    def announce_day(self, day: dt.date, asked: bool = False, heard_at: dt.datetime | None = None) -> None:
        """Tell each channel what it gets of `day` and was not told yet; where somebody `asked`, of an old one as well.

        It is news as seen from `heard_at`, else from now: also while it waits for a channel past midnight. One channel
        that fails holds up no other. Raises PendingError where one is to be tried again.
        """
        channels, page = self.channels(), self._page(day)
        reason = why_not_told(page, (heard_at or dt.datetime.now(dt.UTC)).astimezone(self.time_zone).date(), asked)
        if page is None or reason:
            return logger.info("day not announced", extra={"status": "ignored", "day": str(day), "reason": reason})

        def tell(name: str) -> float | None:
            fields = {"day": str(day), "channel": name}  # the logger's own context is shared by all threads
            try:
                return self._tell(name, channels[name], page, asked)
            except ConflictError as error:
                logger.info("message claimed", extra=fields | {"status": "waiting", "reason": str(error)})
            except Exception:
                logger.exception("channel failed", extra=fields | {"status": "failed"})
            return 0.0

        with ThreadPoolExecutor(max(1, len(channels))) as pool:
            waits = [wait for wait in pool.map(tell, channels) if wait is not None]
        if waits:
            raise PendingError(max(waits))
        return None

    def _tell(self, name: str, channel: Channel, page: PublishedDay, asked: bool) -> float | None:
        """Tell one channel; None where it is done with, else after how many seconds to try again, at least."""
        if (announcement := announcement_for(channel.gets, page, self._page, self.address)) is None:
            return None
        messages = compose(announcement, channel, load_language(page.language))
        return self.deliveries.deliver(self.load(channel), announcement.name, name, messages, asked)

    def _page(self, day: dt.date) -> PublishedDay | None:
        key = digest_key(day, JSON)
        return PublishedDay.of_page(self.bucket.read(key)) if self.bucket.look(key) else None


@cache
def collaborators() -> tuple[Announce, Queue]:
    """What the function works with, made once in an execution environment."""
    settings = AnnounceSettings.load()
    bucket = Bucket(settings.bucket, prefix=settings.pages_prefix)
    channels = partial(read_channels, settings.channels_name, report_unreadable_channel)
    address = settings.readers_address(bucket.address)
    deliveries = Deliveries(settings.table, report_delivery)
    announce = Announce(bucket, deliveries, channels, load_sender, address, settings.time_zone)
    return announce, Queue(settings.queue_url)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    announce, queue = collaborators()
    one = partial(announce.announce_day, asked=is_asked(event))
    return handle_publications(event, lambda days, at: [*map(partial(one, heard_at=at), days)], str, queue.give_back)
