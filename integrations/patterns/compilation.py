"""Compiles a pattern: checks it, expands `$or` and prepares its conditions for matching."""

from collections.abc import Mapping
from typing import Any

from integrations.patterns.conditions import Condition
from integrations.patterns.matching import EventPattern
from integrations.patterns.operators import compile_condition
from integrations.patterns.reading import MAX_LENGTH, read_pattern
from integrations.patterns.refusal import InvalidEventPattern

MAX_COMBINATIONS = 1_000

# Conditions by dotted path, all of which must be met.
Conditions = dict[str, Condition]
Members = tuple[tuple[str, Any], ...]

# event-ruler keeps these from being field names inside `$or`, so that a misplaced operator is not taken for a branch.
RESERVED_IN_OR = frozenset(
    {"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"}
    | {"=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "in-date-range"}
    | {"date-after", "date-on-or-after", "date-before", "date-on-or-before"}
    | {"ip-address-in-range", "ip-address-not-in-range"}
)


def compile_pattern(source: str | bytes | Mapping[str, Any], *, max_length: int = MAX_LENGTH) -> EventPattern:
    """The pattern, ready to match.

    `source` is JSON text, UTF-8 bytes or the parsed object, of at most `max_length` characters (AWS's default quota;
    AWS raises it on request). Raises InvalidEventPattern for everything EventBridge refuses.
    """
    members = read_pattern(source, max_length)
    if not isinstance(members, tuple):
        raise InvalidEventPattern("Filter is not an object")
    return EventPattern(_combinations(members))


def _combinations(members: Members) -> list[Conditions]:
    """All combinations of the branches of every `$or`; a pattern without one is its own single combination.

    A `$or` that is not the operator is an ordinary field name, as it was before AWS introduced the operator. If neither
    reading is valid, the operator's complaint is the one that helps.
    """
    try:
        return _object(members, (), [{}], or_is_operator=True, inside_or=False)
    except InvalidEventPattern as refusal:
        try:
            return _object(members, (), [{}], or_is_operator=False, inside_or=False)
        except InvalidEventPattern:
            raise refusal from None


def _object(
    members: Members, path: tuple[str, ...], combinations: list[Conditions], *, or_is_operator: bool, inside_or: bool
) -> list[Conditions]:
    """The combinations with the object's conditions added, in document order: the last condition on a path wins."""
    if not members:
        raise InvalidEventPattern("Empty objects are not allowed")
    for name, value in members:
        if or_is_operator and name == "$or":
            combinations = _branches(value, path, combinations)
        elif inside_or and name in RESERVED_IN_OR:
            raise InvalidEventPattern(f"{name} is Ruler reserved fieldName which cannot be used inside $or.")
        elif isinstance(value, tuple):
            combinations = _object(
                value, (*path, name), combinations, or_is_operator=or_is_operator, inside_or=inside_or
            )
        elif isinstance(value, list):
            condition = compile_condition(value)
            combinations = [{**conditions, ".".join((*path, name)): condition} for conditions in combinations]
        else:
            raise InvalidEventPattern(f'"{name}" must be an object or an array')
    return combinations


def _branches(branches: Any, path: tuple[str, ...], combinations: list[Conditions]) -> list[Conditions]:
    if not isinstance(branches, list):
        raise InvalidEventPattern("It must be an Array followed with $or.")
    branched: list[Conditions] = []
    for branch in branches:
        if not isinstance(branch, tuple):
            raise InvalidEventPattern("Only JSON object is allowed in array of $or relationship.")
        branched += _object(branch, path, combinations, or_is_operator=True, inside_or=True)
        if len(branched) > MAX_COMBINATIONS:
            raise InvalidEventPattern(f"Rule is too complex - $or makes more than {MAX_COMBINATIONS} rule combinations")
    if len(branches) < 2:
        raise InvalidEventPattern("There must have at least 2 Objects in $or relationship.")
    return branched
