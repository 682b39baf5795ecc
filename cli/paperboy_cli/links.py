"""Links to a stack's pages: plain ones where anybody may read, signed ones that end where the bucket is private."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from botocore import UNSIGNED
from botocore.config import Config

from paperboy_cli.place import Found, Place

MOST_DAYS = 7
"""How long a signed link can be good for: S3 takes no more."""
# Of each region its own host: buckets of the newer regions are not found at the one that is for all.
OWN_HOST = Config(s3={"addressing_style": "virtual"})


@dataclass(frozen=True)
class Links:
    """Links to the pages of a stack; where they have to be signed, for `days` from `now` on, 1 to MOST_DAYS."""

    place: Place
    found: Found
    now: dt.datetime
    days: int = MOST_DAYS

    @property
    def access(self) -> str:
        """Who may read the pages: private, unlisted or public."""
        return self.found.outputs["Access"]

    @property
    def signed(self) -> bool:
        return self.access == "private"

    @cached_property
    def bucket(self) -> str:
        return self._pages[0]

    def key(self, name: str) -> str:
        """The key of the page that is called `name`, such as `digests/2026-02-03.html`."""
        return self._pages[1] + name

    def to(self, name: str) -> str:
        """The link to the page that is called `name`."""
        lifetime = int(dt.timedelta(days=self.days).total_seconds())
        link: str = self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self.bucket, "Key": self.key(name)}, ExpiresIn=lifetime
        )
        return link

    @cached_property
    def end(self) -> dt.datetime | None:
        """When signed links end at the latest. Temporary credentials that tell their own end take theirs with them."""
        if not self.signed:
            return None
        # Of temporary credentials botocore knows the end where it fetched them itself, and keeps it to itself.
        known = getattr(self._credentials, "_expiry_time", None)
        end = self.now + dt.timedelta(days=self.days)
        return min(end, known) if isinstance(known, dt.datetime) else end

    @property
    def end_with_credentials(self) -> bool:
        """Whether links were signed with temporary credentials, and end with those if that is sooner."""
        return self.signed and self._credentials is not None and bool(self._credentials.token)

    @cached_property
    def _pages(self) -> tuple[str, str]:
        """The bucket, and what the keys of its pages begin with."""
        pages = urlsplit(self.found.outputs["Pages"])
        return pages.netloc, pages.path.removeprefix("/")

    @cached_property
    def _client(self) -> Any:
        version = "s3v4" if self.signed else UNSIGNED
        return self.place.client("s3", OWN_HOST.merge(Config(signature_version=version)))

    @cached_property
    def _credentials(self) -> Any:
        credentials = self.place.session.get_credentials()
        if credentials:
            credentials.get_frozen_credentials()  # fetches those that are to be fetched
        return credentials
