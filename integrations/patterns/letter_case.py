"""Matching without regard to case, in Java's sense.

event-ruler accepts, for each character of the pattern, its lower or its upper case form. That is neither
`value.lower() == pattern.lower()` nor casefold: "straße" matches "STRASSE" but "STRASSE" does not match "straße", and
the Kelvin sign in an event is no "k". Beyond the Basic Multilingual Plane event-ruler compares halves of surrogate
pairs and so never matches; here such a character has cases like any other.
"""

import re
from typing import Any

from integrations.patterns.conditions import Test
from integrations.patterns.refusal import InvalidEventPattern


def equals_ignore_case(operand: Any) -> Test:
    matches = re.compile("".join(_spellings(operand)), re.DOTALL).fullmatch
    return lambda value: isinstance(value, str) and matches(value) is not None


def starts_ignoring_case(operand: Any) -> Test:
    matches = re.compile("".join(_spellings(operand))).match
    return lambda value: isinstance(value, str) and matches(value) is not None


def ends_ignoring_case(operand: Any) -> Test:
    """Reads value and pattern backwards: a search for the end would try every position of a long value."""
    matches = re.compile("".join(reversed(_spellings(operand, backwards=True)))).match
    longest = 3 * len(operand)  # no character has a case form of more than three

    def ends(value: Any) -> bool:
        return isinstance(value, str) and matches(value[: -longest - 1 : -1]) is not None

    return ends


def _spellings(operand: Any, *, backwards: bool = False) -> list[str]:
    if not isinstance(operand, str):
        raise InvalidEventPattern("equals-ignore-case match pattern must be a string")
    step = -1 if backwards else 1
    return [
        f"(?:{re.escape(character.lower()[::step])}|{re.escape(character.upper()[::step])})" for character in operand
    ]
