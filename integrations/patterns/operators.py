"""The operators of an event pattern, each compiled from its operand to a test.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from collections.abc import Callable
from typing import Any

from integrations.patterns.addresses import cidr, equals_address, parse_address
from integrations.patterns.conditions import Condition, Scalar, Test, absent, condition
from integrations.patterns.letter_case import ends_ignoring_case, equals_ignore_case, starts_ignoring_case
from integrations.patterns.negation import anything_but
from integrations.patterns.numeric import equals_number, is_number, numeric
from integrations.patterns.refusal import InvalidEventPattern
from integrations.patterns.wildcards import wildcard


def compile_condition(alternatives: list[Any]) -> Condition:
    """The condition a field's list of alternatives states; raises InvalidEventPattern."""
    if not alternatives:
        raise InvalidEventPattern("Empty arrays are not allowed")
    if any(isinstance(alternative, list) for alternative in alternatives):
        raise InvalidEventPattern("Match value must be String, number, true, false, or null")
    tests = [_expression(alternative) for alternative in alternatives if isinstance(alternative, tuple)]
    literals = [alternative for alternative in alternatives if not isinstance(alternative, tuple)]
    return condition(_equals(literals) + tests)


def _equals(literals: list[Scalar]) -> list[Test]:
    """At most one test for each kind of literal, however many there are."""
    tests: list[Test] = []
    strings = frozenset(literal for literal in literals if isinstance(literal, str))
    addresses = frozenset(address for text in strings if (address := parse_address(text)))
    numbers = [literal for literal in literals if is_number(literal)]
    if strings:
        tests.append(strings.__contains__)
    if addresses:  # AWS compares what reads as an IP address by address: "::1" equals "0:0:0:0:0:0:0:1"
        tests.append(equals_address(addresses))
    if numbers:
        tests.append(equals_number(numbers))
    return tests + [_is(constant) for constant in (None, True, False) if any(each is constant for each in literals)]


def _is(constant: bool | None) -> Test:
    return lambda value: value is constant


def _expression(members: tuple[tuple[str, Any], ...]) -> Test:
    if not members:
        raise InvalidEventPattern("Match expression name not found")
    name, operand = members[0]
    if name not in _OPERATORS:
        raise InvalidEventPattern(f"Unrecognized match type {name}")
    test = _OPERATORS[name](operand)
    if len(members) > 1:
        numeric_parser = name in ("numeric", "anything-but")  # in AWS's code they share their last check
        raise InvalidEventPattern(
            "Too many elements in numeric expression" if numeric_parser else "Only one key allowed in match expression"
        )
    return test


def _exactly(operand: Any) -> Test:
    if not isinstance(operand, str):
        raise InvalidEventPattern("exact match pattern must be a string")
    return lambda value: value == operand


def _prefix(operand: Any) -> Test:
    if isinstance(operand, tuple):
        return starts_ignoring_case(_ignoring_case("prefix", operand))
    if not isinstance(operand, str):
        raise InvalidEventPattern("prefix match pattern must be a string")
    return lambda value: isinstance(value, str) and value.startswith(operand)


def _suffix(operand: Any) -> Test:
    if isinstance(operand, tuple):
        return ends_ignoring_case(_ignoring_case("suffix", operand))
    if not isinstance(operand, str):
        raise InvalidEventPattern("suffix match pattern must be a string")
    return lambda value: isinstance(value, str) and value.endswith(operand)


def _ignoring_case(operator: str, members: tuple[tuple[str, Any], ...]) -> str:
    """The text in `{"prefix": {"equals-ignore-case": text}}`."""
    if not members:
        raise InvalidEventPattern(f"{operator.capitalize()} expression name not found")
    name, text = members[0]
    if name != "equals-ignore-case":
        raise InvalidEventPattern(f"Unsupported {operator} pattern: {name}")
    if not isinstance(text, str):
        raise InvalidEventPattern("equals-ignore-case match pattern must be a string")
    if len(members) > 1:
        raise InvalidEventPattern("Only one key allowed in match expression")
    return text


def _exists(operand: Any) -> Test:
    if not isinstance(operand, bool):
        raise InvalidEventPattern("exists match pattern must be either true or false.")
    return (lambda value: True) if operand else absent


_OPERATORS: dict[str, Callable[[Any], Test]] = {
    "anything-but": anything_but,
    "cidr": cidr,
    "equals-ignore-case": equals_ignore_case,
    "exactly": _exactly,  # not in AWS's guide, but known to event-ruler
    "exists": _exists,
    "numeric": numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": wildcard,
}
