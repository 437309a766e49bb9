"""Numbers as EventBridge compares them: by value, from -5e9 to 5e9, to six decimals."""

import json
from collections.abc import Collection
from typing import Any, TypeGuard

from integrations.patterns.conditions import Scalar, Test
from integrations.patterns.refusal import InvalidEventPattern

LARGEST = 5_000_000_000
OUT_OF_RANGE = "Value must be between -5.0E9 and 5.0E9, inclusive"


def is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def millionths(value: Scalar) -> int | None:
    """The number in millionths, rounded, or None for what EventBridge does not compare as a number.

    That is every string, boolean and null, and every number outside -5e9..5e9 (an AWS account id, for one).
    """
    kind = type(value)  # not isinstance: True is an int to Python and no number to AWS
    if kind is int and -LARGEST <= value <= LARGEST:  # type: ignore[operator]
        return value * 1_000_000  # type: ignore[operator,return-value]
    if kind is float and -LARGEST <= value <= LARGEST:  # type: ignore[operator]
        return round(value * 1e6)  # type: ignore[operator]
    return None


def in_range(value: int | float) -> int:
    """A pattern's operand in millionths; raises InvalidEventPattern outside -5e9..5e9."""
    compared = millionths(value)
    if compared is None:
        raise InvalidEventPattern(OUT_OF_RANGE)
    return compared


def equals_number(numbers: Collection[int | float]) -> Test:
    """Whether a value equals any of `numbers`; those too large for EventBridge's arithmetic are compared exactly."""
    compared = {millionths(number) for number in numbers} - {None}
    too_large = frozenset(number for number in numbers if millionths(number) is None)

    def equals(value: Scalar) -> bool:
        amount = millionths(value)
        return value in too_large if amount is None else amount in compared

    return equals


def numeric(operand: Any) -> Test:
    """`{"numeric": ["=", 5]}`, `[">", 0]`, `[">=", 0, "<", 5]`: a lower bound may be followed by an upper one."""
    if not isinstance(operand, list):
        raise InvalidEventPattern("Value of numeric must be an array.")
    if not operand or not isinstance(operand[0], str):
        raise InvalidEventPattern(f"Invalid member in numeric match: {_token(operand, 0)}")
    operator = operand[0]
    if operator == "=":
        return equals_number([_only_operand(operand, "equals")])
    if operator in ("<", "<="):
        return _between(-LARGEST, _only_operand(operand, operator), "[", operator)
    if operator in (">", ">="):
        return _from_lower_bound(operand)
    raise InvalidEventPattern(f"Unrecognized numeric range operator: {operator}")


def _from_lower_bound(operand: list[Any]) -> Test:
    bottom = _number(operand, 1, operand[0])
    if len(operand) == 2:
        return _between(bottom, LARGEST, operand[0], "]")
    if not isinstance(operand[2], str):
        raise InvalidEventPattern(f"Bad value in numeric range: {_token(operand, 2)}")
    if operand[2] not in ("<", "<="):
        raise InvalidEventPattern(f"Bad numeric range operator: {operand[2]}")
    top = _number(operand, 3, operand[2])
    if len(operand) > 4:
        raise InvalidEventPattern("Too many terms in numeric range expression")
    return _between(bottom, top, operand[0], operand[2])


def _between(bottom: int | float, top: int | float, opening: str, closing: str) -> Test:
    lowest, highest = in_range(bottom), in_range(top)
    if lowest >= highest:
        raise InvalidEventPattern("Bottom must be less than top")
    lowest += opening == ">"
    highest -= closing == "<"

    def lies_between(value: Scalar) -> bool:
        amount = millionths(value)
        return amount is not None and lowest <= amount <= highest

    return lies_between


def _only_operand(operand: list[Any], name: str) -> int | float:
    number = _number(operand, 1, name)
    if len(operand) > 2:
        raise InvalidEventPattern("Too many elements in numeric expression")
    in_range(number)
    return number


def _number(operand: list[Any], index: int, name: str) -> int | float:
    if index >= len(operand) or not is_number(operand[index]):
        raise InvalidEventPattern(f"Value of {name} must be numeric")
    number: int | float = operand[index]
    return number


def _token(operand: list[Any], index: int) -> str:
    """The JSON token at `index`, as AWS's streaming parser quotes it."""
    if index >= len(operand):
        return "]"
    if isinstance(operand[index], list):
        return "["
    return "{" if isinstance(operand[index], tuple) else json.dumps(operand[index])
