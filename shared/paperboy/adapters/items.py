"""Items of the table: records in DynamoDB's types, each with the version of its format."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import BaseModel, ValidationError

from paperboy.days.records import RECORD_FORMATS
from paperboy.errors import validation_message

SERIALIZER, DESERIALIZER = TypeSerializer(), TypeDeserializer()


class UnreadableError(ValueError):
    """An item that is no record of its kind; the message says why not."""


def to_item(kind: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """The `values` of a record with its format's version, and with Decimal for float, as DynamoDB takes numbers."""
    native: dict[str, Any] = json.loads(json.dumps(values), parse_float=Decimal)
    return native | {"format": RECORD_FORMATS[kind]}


def from_item[R: BaseModel](kind: type[R], item: Mapping[str, Any]) -> R:
    """The record in an item. Raises UnreadableError for a newer format, for none, and for values that cannot be."""
    version, newest = item.get("format"), RECORD_FORMATS[kind]
    if not isinstance(version, int | Decimal) or not 1 <= version <= newest:
        raise UnreadableError(f"its format is {version}, and this version reads 1 to {newest}")
    try:
        return kind.model_validate(item)
    except ValidationError as error:
        raise UnreadableError(validation_message(error)) from error


def to_attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a client of DynamoDB takes them, each with its type: ``{"attempt": {"N": "1"}}``.

    Clients are safe among threads; boto3's resources, which would do this themselves, are not.
    """
    return {name: SERIALIZER.serialize(value) for name, value in values.items()}


def from_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a client of DynamoDB answered, without their types."""
    return {name: DESERIALIZER.deserialize(value) for name, value in attributes.items()}


def where(condition: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a request that holds where `condition` does; a `#name` in it is the field of that name."""
    names = {f"#{name}": name for name in re.findall(r"#(\w+)", condition)}
    arguments = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": to_attributes(values)}
    return {"ConditionExpression": condition} | {name: value for name, value in arguments.items() if value}
