r"""Wildcards: `*` stands for any run of characters, also an empty one; `\*` and `\\` are the characters themselves.

Not translated to a regular expression: a pattern like `*a*a*a*b` would backtrack for seconds over one long value.
"""

from typing import Any

from integrations.patterns.conditions import Scalar, Test
from integrations.patterns.refusal import InvalidEventPattern


def wildcard(operand: Any) -> Test:
    if not isinstance(operand, str):
        raise InvalidEventPattern("wildcard match pattern must be a string")
    first, *rest = literal_runs(operand)
    if not rest:
        return lambda value: value == first
    *middle, last = rest
    shortest = len(first) + len(last)

    def fits(value: Scalar) -> bool:
        if not isinstance(value, str) or len(value) < shortest:
            return False
        if not (value.startswith(first) and value.endswith(last)):
            return False
        position, end = len(first), len(value) - len(last)
        for literal in middle:
            found = value.find(literal, position, end)
            if found < 0:
                return False
            position = found + len(literal)
        return True

    return fits


def literal_runs(pattern: str) -> list[str]:
    """The literal texts between the wildcards, unescaped: at least one, the first and last possibly empty.

    Raises InvalidEventPattern for `**` and for a backslash before anything but `*` and a backslash.
    """
    runs = [""]
    index = 0
    while index < len(pattern):
        character, following = pattern[index], pattern[index + 1 : index + 2]
        if character == "*":
            if following == "*":
                raise InvalidEventPattern(f"Consecutive wildcard characters at pos {_position(pattern, index)}")
            runs.append("")
        elif character != "\\":
            runs[-1] += character
        elif following in ("*", "\\"):
            runs[-1] += following
            index += 1
        else:
            raise InvalidEventPattern(f"Invalid escape character at pos {_position(pattern, index)}")
        index += 1
    return runs


def _position(pattern: str, index: int) -> int:
    """Where AWS finds the fault: counted in UTF-8 bytes, the opening quote being byte 0."""
    return 1 + len(pattern[:index].encode(errors="replace"))
