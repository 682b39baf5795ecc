"""What pydantic found wrong, in words for a person."""

from pydantic import ValidationError


def in_words(error: ValidationError) -> str:
    """Each bad field by its name and what was expected of it; never what was found, which may be long or secret."""
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'all'}: {each['msg']}" for each in error.errors())
