"""JSON as it should reach a tenant: Decimals stay numbers, and text of the caller's own stays as it is."""

import json
import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

# The standard encoder cannot write a Decimal as a number, so a mark that nobody can guess takes its place for a moment.
_MARK = f"decimal-{secrets.token_hex(16)}:"
_MARKED = re.compile(f'"{_MARK}([^"]+)"')


def object_text(detail: Mapping[str, Any] | str) -> str:
    """Return the JSON text of an object; text is checked and returned unchanged.

    Decimals become numbers of the same digits; dates, times and UUIDs become strings.
    Raises TypeError for what JSON cannot carry and ValueError for text that is not a JSON object.
    """
    if isinstance(detail, str):
        _check_object(detail)
        text = detail
    elif isinstance(detail, Mapping):
        text = _written(detail)
    else:
        raise TypeError(f"A detail is a mapping or the JSON text of an object, not {type(detail).__name__}.")
    check_characters(text)
    return text


def _written(detail: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(dict(detail), default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except RecursionError:
        raise ValueError("The detail is nested too deeply; flatten it.") from None
    except ValueError as error:
        raise ValueError(f"The detail cannot be JSON: {error}.") from None
    return _MARKED.sub(r"\1", text)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"there is no number {value}")
        return f"{_MARK}{value}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"A detail cannot hold {type(value).__name__}. Turn it into text or a number first.")


def _check_object(text: str) -> None:
    try:
        # Numbers are not converted: Python refuses integers of more than 4,300 digits, JSON does not.
        found = json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("The detail is nested too deeply; flatten it.") from None
    except ValueError as error:
        raise ValueError(f"The detail is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise ValueError("A detail is a JSON object, for example {}.")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def check_characters(text: str) -> None:
    """Raise ValueError if UTF-8 cannot carry the text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("A text holds half a surrogate pair, which UTF-8 cannot carry. Remove it.") from None
