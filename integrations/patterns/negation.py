"""`anything-but`: every value that is present and none of the named ones, whatever its type."""

from collections.abc import Callable
from typing import Any

from integrations.patterns.conditions import Test, none_of
from integrations.patterns.letter_case import equals_ignore_case
from integrations.patterns.numeric import equals_number, in_range, is_number
from integrations.patterns.refusal import InvalidEventPattern
from integrations.patterns.wildcards import wildcard

_NOT_A_VALUE = "Value of anything-but must be an array or single string/number value."
_MIXED = "Inside anything but list, either all values are number or string, mixed type is not supported"
_NOT_AN_AFFIX = "prefix/suffix match pattern must be a string"


def anything_but(operand: Any) -> Test:
    """`{"anything-but": 1}`, `["a", "b"]`, or prefix, suffix, equals-ignore-case or wildcard of one or more strings."""
    if isinstance(operand, tuple):
        return _negated_operator(operand)
    values = operand if isinstance(operand, list) else [operand]
    for value in values:
        if not isinstance(value, str) and not is_number(value):
            listed = "Inside anything but list, start|null|boolean is not supported."
            raise InvalidEventPattern(listed if isinstance(operand, list) else _NOT_A_VALUE)
    numbers = [value for value in values if is_number(value)]
    for number in numbers:
        in_range(number)
    if not values or 0 < len(numbers) < len(values):
        raise InvalidEventPattern(_MIXED)
    return none_of([equals_number(numbers) if numbers else frozenset(values).__contains__])


def _negated_operator(members: tuple[tuple[str, Any], ...]) -> Test:
    if not members:
        raise InvalidEventPattern("Anything-But expression name not found")
    name, operand = members[0]
    if name not in _NEGATED:
        raise InvalidEventPattern(f"Unsupported anything-but pattern: {name}")
    if operand is None or isinstance(operand, bool | tuple):
        raise InvalidEventPattern(_NOT_A_VALUE)
    if operand == []:  # event-ruler accepts this and then has nothing to exclude; nobody can mean it
        raise InvalidEventPattern("Empty arrays are not allowed")
    tests = [_NEGATED[name](value) for value in (operand if isinstance(operand, list) else [operand])]
    if len(members) > 1:
        raise InvalidEventPattern("Too many elements in numeric expression")
    return none_of(tests)


def _prefix(operand: Any) -> Test:
    text = _affix(operand)
    return lambda value: isinstance(value, str) and value.startswith(text)


def _suffix(operand: Any) -> Test:
    text = _affix(operand)
    return lambda value: isinstance(value, str) and value.endswith(text)


def _affix(operand: Any) -> str:
    if not isinstance(operand, str):
        raise InvalidEventPattern(_NOT_AN_AFFIX)
    if not operand:
        raise InvalidEventPattern("Null prefix/suffix not allowed")
    return operand


def _equals_ignore_case(operand: Any) -> Test:
    if not isinstance(operand, str):
        raise InvalidEventPattern(
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
        )
    return equals_ignore_case(operand)


_NEGATED: dict[str, Callable[[Any], Test]] = {
    "equals-ignore-case": _equals_ignore_case,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": wildcard,
}
