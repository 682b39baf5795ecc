"""Keys, which are kept in Parameter Store and nowhere else."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from paperboy.errors import SecretError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

MAX_AGE_SECONDS = 300.0
"""Seconds after which a key is read again, so that a new one is taken up."""


class Secret:
    """A key by the name of its parameter. It need not be there: then there is none."""

    def __init__(self, name: str, client: SSMClient | None = None) -> None:
        self.name = name
        self._client = client
        self._lock = threading.Lock()
        self._value: str | None = None
        self._read_at: float | None = None

    def value(self) -> str | None:
        """The key, or None where the parameter does not exist. Raises SecretError."""
        with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at > MAX_AGE_SECONDS:
                self._value = self._read()
                self._read_at = time.monotonic()
            return self._value

    def _read(self) -> str | None:
        self._client = self._client or boto3.client("ssm")
        try:
            value = self._client.get_parameter(Name=self.name, WithDecryption=True)["Parameter"]["Value"].strip()
        except self._client.exceptions.ParameterNotFound:
            return None
        except (BotoCoreError, ClientError) as error:
            raise SecretError(f"the key in {self.name} could not be read: {type(error).__name__}") from error
        # What can be no header would be quoted, key and all, in the error of whoever is to send it.
        if not (value.isascii() and value.isprintable()):
            raise SecretError(f"the key in {self.name} holds characters that no key has")
        return value
