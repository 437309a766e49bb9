"""Request validation from botocore's own service model, with AWS's error shapes and wording.

AWS checks a request in two steps, and so does this module in one walk over the input shape: a value of the wrong JSON
type is a SerializationException, a value outside the model's constraints is listed in one ValidationException.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import parse_timestamp

from integrations.sandbox.errors import AwsError, validation_error

NUMBERS = ("integer", "long", "float", "double")
JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "blob": (str, bytes),
    "timestamp": (int, float, str, datetime),
    "list": list,
    "structure": dict,
    "map": dict,
}


def checked_parameters(shape: StructureShape | None, given: object) -> dict[str, Any]:
    """Return the parameters that the model knows, timestamps as aware datetimes.

    Raises AwsError: SerializationException for wrong types, ValidationException for broken constraints.
    """
    if shape is None:
        return {}
    violations: list[str] = []
    parameters: dict[str, Any] = _checked(shape, given, "", violations)
    if violations:
        plural = "" if len(violations) == 1 else "s"
        listed = "; ".join(violations)
        raise validation_error(f"{len(violations)} validation error{plural} detected: {listed}")
    return parameters


def _checked(shape: Shape, value: Any, path: str, violations: list[str]) -> Any:
    _check_type(shape, value, path)
    violations.extend(_violations(shape, value, path))
    if isinstance(shape, StructureShape):
        return _checked_structure(shape, value, path, violations)
    if isinstance(shape, ListShape):
        steps = (f"{path}.{index}.member" for index in range(1, len(value) + 1))
        return [_checked(shape.member, item, step, violations) for item, step in zip(value, steps, strict=True)]
    if isinstance(shape, MapShape):
        return {key: _checked(shape.value, item, f"{path}.{key}.member", violations) for key, item in value.items()}
    return moment(value) if shape.type_name == "timestamp" else value


def _checked_structure(
    shape: StructureShape, value: Mapping[str, Any], path: str, violations: list[str]
) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for name, member in shape.members.items():
        step = f"{path}.{_lower_camel(name)}" if path else _lower_camel(name)
        item = value.get(name)
        if item is not None:
            known[name] = _checked(member, item, step, violations)
        elif name in shape.required_members:
            violations.append(f"Value null at '{step}' failed to satisfy constraint: Member must not be null")
    return known


def _check_type(shape: Shape, value: object, path: str) -> None:
    expected = JSON_TYPES[shape.type_name]
    is_stray_boolean = isinstance(value, bool) and shape.type_name in (*NUMBERS, "timestamp")
    if is_stray_boolean or not isinstance(value, expected):
        where = f" at '{path}'" if path else ""
        raise AwsError("SerializationException", f"Expected a {shape.type_name}{where}, found {_json_type(value)}")


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    for broken in _broken_constraints(shape, value):
        yield f"Value '{_shown(value)}' at '{path}' failed to satisfy constraint: Member must {broken}"


def _broken_constraints(shape: Shape, value: Any) -> Iterator[str]:
    limits = shape.metadata
    if shape.type_name in NUMBERS:
        measured, measure = value, "have value"
    elif isinstance(value, (str, list)) and shape.type_name != "timestamp":
        measured, measure = len(value), "have length"
    else:
        return
    if "max" in limits and measured > limits["max"]:
        yield f"{measure} less than or equal to {limits['max']}"
    if "min" in limits and measured < limits["min"]:
        yield f"{measure} greater than or equal to {limits['min']}"
    if "pattern" in limits and not _compiled(limits["pattern"]).fullmatch(value):
        yield f"satisfy regular expression pattern: {limits['pattern']}"
    if limits.get("enum") and value not in limits["enum"]:
        yield f"satisfy enum value set: [{', '.join(limits['enum'])}]"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)  # the model's \d and \w mean ASCII


def moment(value: float | str | datetime) -> datetime:
    """Read a timestamp as AWS's protocols write it: epoch seconds or ISO 8601. Raises SerializationException."""
    try:
        parsed: datetime = parse_timestamp(value)  # type: ignore[arg-type]
    except (ValueError, OverflowError, OSError, RuntimeError):  # botocore raises all of them
        raise AwsError("SerializationException", f"{value!r} is not a timestamp") from None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _shown(value: object) -> str:
    return f"[{len(value)} members]" if isinstance(value, list) else str(value)


def _json_type(value: object) -> str:
    names: dict[type, str] = {str: "a string", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "an object" if isinstance(value, dict) else "null")


def _lower_camel(name: str) -> str:
    return name[0].lower() + name[1:]
