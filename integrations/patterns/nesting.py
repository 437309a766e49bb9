"""How deeply a pattern is nested, counted before anything recurses.

Parsing, serialising and compiling recurse once or twice per level. Left to Python's recursion limit, the verdict on a
pattern would depend on the process that asks and on how deep its stack is at that moment.
"""

import re
from collections.abc import Mapping
from typing import Any

from integrations.patterns.refusal import InvalidEventPattern

MAX_LEVELS = 256
TOO_DEEP = "Event pattern is nested too deeply"

# A string, closed or not, is one token, so that brackets inside of it do not count.
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def check_text(text: str) -> None:
    """Raise InvalidEventPattern if objects and arrays lie over 256 levels deep. The text need not be well-formed."""
    level = 0
    for token in _TOKENS.finditer(text):
        level += _STEPS.get(token[0], 0)
        if level > MAX_LEVELS:
            raise InvalidEventPattern(TOO_DEEP)


def check_value(value: Any) -> None:
    """The same for a parsed value; one that contains itself is nested without end."""
    level = _containers([value])
    for _ in range(MAX_LEVELS):
        level = _containers(child for container in level for child in _children(container))
    if level:
        raise InvalidEventPattern(TOO_DEEP)


def _containers(values: Any) -> list[Any]:
    """The objects and arrays among `values`, each once: what is shared must not be walked again on every way to it."""
    return list({id(value): value for value in values if isinstance(value, Mapping | list | tuple)}.values())


def _children(container: Any) -> Any:
    return container.values() if isinstance(container, Mapping) else container
