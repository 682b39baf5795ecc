"""The bucket that the pages are published in."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from paperboy.conflict import ConflictError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
}

# A change is seen within minutes: a reader's copy is good for one and is then asked for by its ETag.
CACHE_CONTROL = "public, max-age=60, must-revalidate"

# The bucket's name in the path, not in the host: an emulator that is reached by a name has no hosts below it.
CONFIG = Config(s3={"addressing_style": "path"})


@dataclass(frozen=True)
class Stored:
    """A page as it stands in the bucket."""

    etag: str
    sha256: str
    day: dt.date


def sha256(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


class Bucket:
    """Pages by key, below `prefix` where there is one.

    A page is put only over the one that was seen, so that older data cannot win.
    """

    def __init__(self, name: str, client: S3Client | None = None, prefix: str = "") -> None:
        self._name = name
        self._s3 = client or boto3.client("s3", config=CONFIG)
        self._folder = f"{prefix}/" if prefix else ""

    def look(self, key: str) -> Stored | None:
        """The page at `key` as it stands, or None."""
        try:
            head = self._s3.head_object(Bucket=self._name, Key=self._folder + key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        metadata = head["Metadata"]
        # A page that somebody else put has no such metadata: it counts as old and is replaced.
        return Stored(
            etag=head["ETag"],
            sha256=metadata.get("sha256", ""),
            day=dt.date.fromisoformat(metadata.get("day", "0001-01-01")),
        )

    def put(self, key: str, body: str, day: dt.date, seen: Stored | None) -> bool:
        """Put a page of `day` at `key` where `seen` stood; equal bytes are not put. Returns whether it was put.

        Raises ConflictError where something else stands there by now.
        """
        digest = sha256(body)
        expected: Any = {"IfMatch": seen.etag} if seen else {"IfNoneMatch": "*"}
        if seen and seen.sha256 == digest:
            return False
        try:
            self._s3.put_object(
                Bucket=self._name,
                Key=self._folder + key,
                Body=body.encode(),
                ContentType=CONTENT_TYPES["." + key.rpartition(".")[2]],
                CacheControl=CACHE_CONTROL,
                Metadata={"sha256": digest, "day": day.isoformat()},
                **expected,
            )
        except ClientError as error:
            # 404: what was seen has been removed since.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 409, 412):
                raise ConflictError(key) from error
            raise
        return True
