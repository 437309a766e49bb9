"""A second matcher, written for clarity alone, that the real one is compared with.

It takes the reference's own road: flatten the event into fields that know the array elements they lie in, flatten the
pattern into alternatives without `$or`, then try every choice of fields in the order of the paths.
"""

import ipaddress
import itertools
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

Elements = dict[int, int]  # array number -> index
Field = tuple[str, Any, Elements]


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    fields = list(_fields(event, (), {}, itertools.count()))
    return any(_satisfied(sorted(alternative.items()), fields, {}) for alternative in _alternatives(pattern, (), [{}]))


def _fields(node: Any, path: tuple[str, ...], elements: Elements, numbers: Iterator[int]) -> Iterator[Field]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _fields(value, (*path, key), elements, numbers)
    elif isinstance(node, list):
        array = next(numbers)
        for index, element in enumerate(node):
            inside = {**elements, array: index} if isinstance(element, dict | list) else elements
            yield from _fields(element, path, inside, numbers)
    else:
        yield ".".join(path), node, elements


def _alternatives(pattern: dict[str, Any], path: tuple[str, ...], so_far: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for key, value in pattern.items():
        inner = (*path, key)
        if key == "$or":
            so_far = [each for branch in value for each in _alternatives(branch, path, so_far)]
        elif isinstance(value, dict):
            so_far = _alternatives(value, inner, so_far)
        else:
            so_far = [{**each, ".".join(inner): value} for each in so_far]
    return so_far


def _satisfied(conditions: list[tuple[str, list[Any]]], fields: list[Field], chosen: Elements) -> bool:
    if not conditions:
        return True
    (path, wanted), *rest = conditions
    here = [(value, elements) for name, value, elements in fields if name == path and _agree(elements, chosen)]
    if not here and {"exists": False} in wanted and _satisfied(rest, fields, chosen):
        return True
    return any(
        any(value_matches(each, value) for each in wanted) and _satisfied(rest, fields, {**chosen, **elements})
        for value, elements in here
    )


def _agree(one: Elements, other: Elements) -> bool:
    return all(other.get(array, index) == index for array, index in one.items())


def value_matches(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, dict):
        return _equal(wanted, value)
    ((operator, operand),) = wanted.items()
    if operator == "exists":
        return operand is True
    if operator == "anything-but":
        if isinstance(operand, dict):
            ((inner, values),) = operand.items()
            listed = values if isinstance(values, list) else [values]
            return not any(value_matches({inner: each}, value) for each in listed)
        return not any(_same(each, value) for each in (operand if isinstance(operand, list) else [operand]))
    if operator == "numeric":
        pairs = zip(operand[::2], operand[1::2], strict=True)
        return _is_number(value) and all(_compare(value, sign, bound) for sign, bound in pairs)
    return isinstance(value, str) and _text_matches(operator, operand, value)


def _text_matches(operator: str, operand: Any, text: str) -> bool:
    if isinstance(operand, dict):
        spelled = _any_case(operand["equals-ignore-case"])
        return bool(re.fullmatch(f"{spelled}.*" if operator == "prefix" else f".*{spelled}", text, re.DOTALL))
    if operator == "equals-ignore-case":
        return bool(re.fullmatch(_any_case(operand), text))
    if operator == "wildcard":
        return bool(re.fullmatch(wildcard_as_regex(operand), text, re.DOTALL))
    if operator == "cidr":
        return _in_network(operand, text)
    return text[: len(operand)] == operand if operator == "prefix" else text[len(text) - len(operand) :] == operand


def wildcard_as_regex(pattern: str) -> str:
    tokens = re.findall(r"\\[\\*]|\*|[^\\*]", pattern, re.DOTALL)
    return "".join(".*" if token == "*" else re.escape(token[-1]) for token in tokens)


def _any_case(text: str) -> str:
    return "".join(f"({re.escape(letter.lower())}|{re.escape(letter.upper())})" for letter in text)


def _in_network(block: str, text: str) -> bool:
    try:
        return ipaddress.ip_address(text) in ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False


def _equal(wanted: Any, value: Any) -> bool:
    try:
        return _same(wanted, value) or ipaddress.ip_address(str(wanted)) == ipaddress.ip_address(str(value))
    except ValueError:
        return False


def _same(wanted: Any, value: Any) -> bool:
    if _is_number(wanted) and _is_number(value):
        return _six_decimals(wanted) == _six_decimals(value)
    return type(wanted) is type(value) and wanted == value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _six_decimals(number: float) -> Decimal:
    return Decimal(repr(number)).quantize(Decimal("0.000001"))


def _compare(value: float, sign: str, bound: float) -> bool:
    difference = _six_decimals(value) - _six_decimals(bound)
    return {
        "=": difference == 0,
        "<": difference < 0,
        "<=": difference <= 0,
        ">": difference > 0,
        ">=": difference >= 0,
    }[sign]
