"""Reads a pattern's JSON the way AWS does: in document order, every occurrence of a repeated key kept.

An object is read as a tuple of (key, value) pairs and an array as a list. A dict would not do: AWS parses patterns as a
stream, so {"a": {"b": [1]}, "a": {"c": [2]}} constrains a.b and a.c, and a repeated operator is one key too many.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from integrations.patterns.nesting import check_text, check_value
from integrations.patterns.refusal import InvalidEventPattern

MAX_LENGTH = 2_048


def read_pattern(source: str | bytes | Mapping[str, Any], max_length: int) -> Any:
    """The pattern's JSON value, objects as tuples of pairs.

    A mapping counts towards `max_length` (characters) with its compact JSON text. Raises InvalidEventPattern.
    """
    try:
        text = _text(source)
        if len(text) > max_length:
            raise InvalidEventPattern(f"Event pattern is longer than {max_length} characters")
        check_text(text)
        return json.loads(text, object_pairs_hook=tuple, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InvalidEventPattern(f"Invalid JSON at line: {error.lineno}, column: {error.colno}") from None
    except InvalidEventPattern:
        raise
    except (TypeError, ValueError) as error:  # not UTF-8, an endless number, a mapping that no JSON text can express
        raise InvalidEventPattern(f"Invalid JSON: {error}") from None


def _text(source: Any) -> str:
    if isinstance(source, str):
        return source
    if isinstance(source, bytes):
        return source.decode()
    check_value(source)
    return json.dumps(source, default=_as_object, ensure_ascii=False, separators=(",", ":"))


def _as_object(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a pattern cannot hold a {type(value).__name__}")


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidEventPattern(f"Invalid JSON: {name} is not a JSON number")
