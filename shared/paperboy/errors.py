"""Errors that several rooms share, and what pydantic found wrong in words for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


class ConflictError(Exception):
    """Somebody else wrote first: what was read is no longer what stands. Read again."""


class SecretError(Exception):
    """A key could not be read; the message names where it is kept and never what it is."""


def validation_message(error: ValidationError) -> str:
    """Each bad field by its name and what was expected of it; never what was found, which may be long or secret."""
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'all'}: {_expected(each)}" for each in error.errors())


def _expected(error: ErrorDetails) -> str:
    if error["type"] == "union_tag_invalid":  # the one message of pydantic's that has what was found
        return "expected {discriminator} to be one of {expected_tags}".format(**error["ctx"])
    return error["msg"]
