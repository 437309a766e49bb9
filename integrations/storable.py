"""Whether PostgreSQL can store a text: it takes neither NUL nor half of a surrogate pair, escaped in JSON or not."""

from collections.abc import Mapping
from typing import Any


def is_storable(value: Any) -> bool:
    """Return whether a text, or every text and name in a document from JSON, can be stored."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, Mapping):
        return all(is_storable(name) and is_storable(member) for name, member in value.items())
    return not isinstance(value, list) or all(is_storable(member) for member in value)
