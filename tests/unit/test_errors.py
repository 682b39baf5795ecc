"""What was wrong with a value, in words."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from paperboy.errors import validation_message
from paperboy.papers.listing import Listing
from paperboy.summaries.usage import Limits


@pytest.mark.parametrize(
    ("model", "value", "message"),
    [
        (Limits, "secret", "all: Input should be a valid dictionary or instance of Limits"),
        (Limits, {"tokens": -1}, "tokens: Input should be greater than or equal to 0"),
        (Listing, {"rejections": [{"item": "item 1"}]}, "rejections.0.reason: Field required"),
        (
            Limits,
            {"tokens": -1, "cost": "secret"},
            "tokens: Input should be greater than or equal to 0; "
            "cost: Input should be a valid integer, unable to parse string as an integer",
        ),
    ],
    ids=["the whole", "a field", "a field of a field", "two fields"],
)
def test_each_bad_field_is_told(model: type[BaseModel], value: Any, message: str) -> None:
    """Each bad field is named with what was expected of it, and what was found there is not told."""
    with pytest.raises(ValidationError) as error:
        model.model_validate(value)
    assert message == validation_message(error.value)
