"""Links to a stack's pages: plain ones where anybody may read, signed ones that end where the bucket is private."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore import UNSIGNED
from botocore.config import Config

from paperboy.adapters.bucket import Bucket
from paperboy_cli.stack.host import Host, StackDescription

MAX_LINK_DAYS = 7
"""How long a signed link can be good for: S3 takes no more."""
# Of each region its own host, us-east-1 among them: the feeds name it, the one that is for all does not find buckets of
# the newer regions, and a browser keeps a reader's marks by host.
LINK_CONFIG = Config(s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"})


@dataclass(frozen=True)
class Links:
    """Links to the pages of a stack; where they have to be signed, for `days` from `now` on, 1 to MAX_LINK_DAYS."""

    host: Host
    description: StackDescription
    now: dt.datetime
    days: int = MAX_LINK_DAYS

    @property
    def access(self) -> str:
        """Who may read the pages: private, unlisted or public."""
        return self.description.outputs["Access"]

    @property
    def signed(self) -> bool:
        return self.access == "private"

    def to(self, key: str) -> str:
        """The link to a page by its key, as `paperboy.pages.site` gives it."""
        lifetime = dt.timedelta(days=self.days)
        link: str = self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket.name, "Key": self._bucket.path(key)},
            ExpiresIn=int(lifetime.total_seconds()),
        )
        return link

    @cached_property
    def end(self) -> dt.datetime | None:
        """When signed links end at the latest. Temporary credentials that tell their own end take theirs with them."""
        if not self.signed:
            return None
        # Of temporary credentials botocore has the end where it fetched them itself, in a field of its own.
        credentials_end = getattr(self._credentials, "_expiry_time", None)
        end = self.now + dt.timedelta(days=self.days)
        return min(end, credentials_end) if isinstance(credentials_end, dt.datetime) else end

    @property
    def end_with_credentials(self) -> bool:
        """Whether links were signed with temporary credentials, and end with those if that is sooner."""
        return self.signed and self._credentials is not None and bool(self._credentials.token)

    @cached_property
    def _bucket(self) -> Bucket:
        name, prefix = self.description.pages
        return Bucket(name, self._client, prefix)

    @cached_property
    def _client(self) -> Any:
        version = "s3v4" if self.signed else UNSIGNED
        return self.host.client("s3", LINK_CONFIG.merge(Config(signature_version=version)))

    @cached_property
    def _credentials(self) -> Any:
        credentials = self.host.session.get_credentials()
        if credentials:
            credentials.get_frozen_credentials()  # fetches those that are to be fetched
        return credentials
