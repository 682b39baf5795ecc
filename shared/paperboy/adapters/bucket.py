"""The bucket that the pages are published in."""

from __future__ import annotations

import datetime as dt
import gzip
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from paperboy.errors import ConflictError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from paperboy.pages.site import Page

# A change is seen within minutes: a reader's copy is good for one and is then asked for by its ETag.
CACHE_CONTROL = "public, max-age=60, must-revalidate"

# The bucket's name in the path, not in the host: an emulator that is reached by a name has no hosts below it.
S3_CONFIG = Config(s3={"addressing_style": "path"})

PUBLISH_TRIES = 5
"""How often a publication begins again when another one was faster."""


def publish[Result](work: Callable[[], Result]) -> Result:
    """Do `work`, which looks at pages, reads what they are made from, and puts them where they are still the same.

    Whoever read older things finds a page changed, and begins again. Raises ConflictError where others were faster
    PUBLISH_TRIES times.
    """
    for _ in range(PUBLISH_TRIES - 1):
        with suppress(ConflictError):
            return work()
    return work()


class PageError(ValueError):
    """What lies at a key is no text; the message says why not."""


@dataclass(frozen=True)
class StoredPage:
    """A page as it stands in the bucket."""

    etag: str
    sha256: str
    day: dt.date
    """The newest day that it is about."""


@dataclass(frozen=True)
class PageCopy:
    """A page for a reader, as the bucket hands it out over HTTP."""

    content: bytes | None
    """None where the reader has it already."""
    headers: Mapping[str, str]
    """What HTTP says of it, such as `content-type`; names are in lower case."""


class Bucket:
    """Pages by key, below `prefix` where there is one.

    A page is put only over the one that was seen, so that older data cannot win.
    """

    def __init__(self, name: str, client: S3Client | None = None, prefix: str = "") -> None:
        self.name = name
        self._s3 = client or boto3.client("s3", config=S3_CONFIG)
        self._folder = f"{prefix}/" if prefix else ""

    @property
    def address(self) -> str:
        """Where the pages' folder is, as this program reaches the bucket: ``http://127.0.0.1:4566/BUCKET/pages``."""
        return f"{self._s3.meta.endpoint_url}/{self.name}/{self._folder}".rstrip("/")

    def path(self, key: str) -> str:
        """The key of a page with the prefix."""
        return self._folder + key

    def look(self, key: str) -> StoredPage | None:
        """The page at `key` as it stands, or None."""
        try:
            head = self._s3.head_object(Bucket=self.name, Key=self.path(key))
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        metadata = head["Metadata"]
        # A page that somebody else put has no such metadata: it counts as old and is replaced.
        return StoredPage(
            etag=head["ETag"],
            sha256=metadata.get("sha256", ""),
            day=dt.date.fromisoformat(metadata.get("day", "0001-01-01")),
        )

    def keys(self, start: str) -> list[str]:
        """The keys of all pages that begin with `start`, in order."""
        found = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.path(start))
        return [each["Key"].removeprefix(self._folder) for answer in found for each in answer.get("Contents", ())]

    def read(self, key: str) -> str:
        """The text of the page at `key`. Raises PageError where somebody put there what is none."""
        answer = self._s3.get_object(Bucket=self.name, Key=self.path(key))
        content = answer["Body"].read()
        try:
            return (gzip.decompress(content) if answer.get("ContentEncoding") == "gzip" else content).decode()
        except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise PageError(f"expected a text: {error}") from error

    def fetch(self, key: str, etags: str | None = None) -> PageCopy | None:
        """A copy of the page at `key`, or None where there is none.

        It has no content where its ETag is among `etags`, which are written as in `If-None-Match`.
        """
        condition: Any = {"IfNoneMatch": etags} if etags else {}
        try:
            answer: Any = self._s3.get_object(Bucket=self.name, Key=self.path(key), **condition)
            content = answer["Body"].read()
        except ClientError as error:
            answer, content = error.response, None
            if answer["Error"]["Code"] == "NoSuchKey":
                return None
            if answer["ResponseMetadata"]["HTTPStatusCode"] != 304:
                raise
        return PageCopy(content, answer["ResponseMetadata"]["HTTPHeaders"])

    def put(self, page: Page, stored: StoredPage | None, again: bool = False) -> bool:
        """Put a page where `stored` stood; equal bytes are not put, unless `again`. Returns whether it was put.

        Raises ConflictError where something else stands there by now.
        """
        if stored and stored.sha256 == page.sha256 and not again:
            return False
        condition: Any = {"IfMatch": stored.etag} if stored else {"IfNoneMatch": "*"}
        content = page.text.encode()
        if page.gzipped:
            content, condition = gzip.compress(content, mtime=0), condition | {"ContentEncoding": "gzip"}
        try:
            self._s3.put_object(
                Bucket=self.name,
                Key=self.path(page.key),
                Body=content,
                ContentType=page.content_type,
                CacheControl=CACHE_CONTROL,
                Metadata={"sha256": page.sha256, "day": page.day.isoformat()},
                **condition,
            )
        except ClientError as error:
            # 404: what was seen has been removed since.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 409, 412):
                raise ConflictError(page.key) from error
            raise
        return True
