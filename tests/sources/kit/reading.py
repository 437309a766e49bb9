"""Reading commands back as a shell would, and checking them against AWS's own service models."""

import json
import re
import shlex
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import Shape
from botocore.validate import ParamValidator

OF_THE_CLI = {"region", "query", "output"}
SESSION = botocore.session.get_session()


def commands_of(script: str) -> list[list[str]]:
    """Return the arguments of every `aws` call of a script, as a shell reads them."""
    without_comments = "\n".join(line for line in script.splitlines() if not line.startswith("#"))
    joined = without_comments.replace("\\\n", " ")
    found = []
    for part in joined.split("&&\n"):
        inner = re.search(r"\$\((aws .*?)\)(?:\"|$)", part.strip(), re.S)
        found.append(shlex.split(inner[1] if inner else part))
    return found


def check(arguments: list[str]) -> dict[str, Any]:
    """Assert that the operation exists and takes these parameters; return them."""
    program, service, operation, *options = arguments
    assert program == "aws"
    model = SESSION.get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names, f"{service} has no {operation}"
    shape = model.operation_model(names[operation]).input_shape
    assert shape is not None
    given = {}
    members = {xform_name(name, "-"): (name, member) for name, member in shape.members.items()}
    for option, value in zip(options[::2], options[1::2], strict=True):
        assert option.startswith("--")
        if option[2:] in OF_THE_CLI:
            continue
        assert option[2:] in members, f"{operation} has no {option}"
        name, member = members[option[2:]]
        given[name] = value_of(member, value)
        check_pattern(member, given[name])
    report = ParamValidator().validate(given, shape)
    assert not report.has_errors(), report.generate_report()
    return given


def value_of(member: Shape, text: str) -> Any:
    if member.type_name in ("structure", "list", "map"):
        return json.loads(text)
    return int(text) if member.type_name == "integer" else text


def check_pattern(member: Shape, value: Any) -> None:
    """botocore checks lengths and types only; the models know the grammar, too."""
    pattern = member.metadata.get("pattern")
    if pattern and isinstance(value, str) and not value.startswith("$"):
        assert re.fullmatch(pattern, value), f"{value} does not match {pattern}"
    if "max" in member.metadata and isinstance(value, str):
        assert len(value) <= member.metadata["max"]
