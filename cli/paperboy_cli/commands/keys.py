"""Keys that are in the environment: `try` and live listings have no Parameter Store of their own."""

from __future__ import annotations

import os

from paperboy.adapters.secret import Secret
from paperboy.errors import SecretError


class EnvironmentKey(Secret):
    """A key by the name of its variable. It need not be set: then there is none."""

    def value(self) -> str | None:
        """The key, or None where the variable is not set. Raises SecretError."""
        key = os.environ.get(self.name, "").strip()
        if not (key.isascii() and key.isprintable()):  # it could be no header, and would be quoted in the error
            raise SecretError(f"the key in {self.name} holds characters that no key has")
        return key or None
