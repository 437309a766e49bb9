"""Every variable that the product reads is documented, and none that it does not."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.architecture.sources import PRODUCT, ROOT, modules, tree_of

VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*\Z")
# They are read like this: env.int("X"), os.environ.get("X"), _port(environment, "X", 8000), getattr(settings, "X").
MAPPINGS = re.compile(r"(env|environ|os\.environ|environment|merged|given|configured|settings\.environment)\Z")
# Read by Django, by the launcher's own children, or by the programs it starts.
INTERNAL = {"DJANGO_SETTINGS_MODULE", "READY_FILE"}
READ_BY_BOTO3 = {"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SQS"}
SETTINGS = Path("dashboard/settings.py")
# What `.env` can set: the launcher reads some variables from the command line's environment only.
FROM_DOTENV = (SETTINGS, Path("launcher/configuration.py"), Path("launcher/embedded.py"))


def read_by(paths: Iterable[Path]) -> set[str]:
    """Return the names of variables that are read by calls like `env.int("X")` or `environ["X"]`."""
    return {name for path in paths for node in ast.walk(tree_of(path)) for name in names_in(node)} - INTERNAL


def names_in(node: ast.AST) -> Iterator[str]:
    named = None
    if isinstance(node, ast.Subscript) and MAPPINGS.match(ast.unparse(node.value)):
        named = variable(node.slice)
    elif isinstance(node, ast.Call) and node.args:
        named = variable(argument_of(node))
    if named:
        yield named


def argument_of(call: ast.Call) -> ast.expr:
    """Return the argument that names a variable, and where the call reads none, the call itself."""
    subject, *rest = call.args
    if isinstance(call.func, ast.Attribute):
        return subject if MAPPINGS.match(ast.unparse(call.func.value)) else call
    reads = MAPPINGS.match(ast.unparse(subject)) or ast.unparse(call.func) == "getattr"
    return rest[0] if reads and rest else call


def variable(node: ast.expr) -> str | None:
    is_name = isinstance(node, ast.Constant) and isinstance(node.value, str) and VARIABLE.match(node.value)
    return str(node.value) if is_name else None


def documented() -> set[str]:
    text = (ROOT / "docs/configuration.md").read_text()
    return set(re.findall(r"^\| `([A-Z0-9_]+)` \|", text, flags=re.MULTILINE))


def in_example() -> set[str]:
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, flags=re.MULTILINE))


def test_every_variable_that_is_read_is_documented() -> None:
    assert read_by(modules(*PRODUCT)) - documented() == set()


def test_every_variable_that_a_file_can_set_stands_in_the_example() -> None:
    read = read_by(FROM_DOTENV)
    assert {"SECRET_KEY", "DATABASE_URL", "EMAIL_URL", "PORT", "PARTNERBUS_DATA"} <= read  # the parser sees them
    assert read - in_example() == set()


def test_the_example_names_nothing_that_is_not_documented() -> None:
    assert in_example() - documented() == set()


def test_no_variable_is_documented_that_nobody_reads() -> None:
    assert documented() - read_by(modules(*PRODUCT)) - READ_BY_BOTO3 == set()


def test_the_documented_default_is_the_one_of_the_settings() -> None:
    rows = re.findall(
        r"^\| `([A-Z0-9_]+)` \| [^|]+ \| `([^`|]+)` \|", (ROOT / "docs/configuration.md").read_text(), re.M
    )
    told, real = dict(rows), defaults_of_settings()
    checked = {name: told[name] for name in told.keys() & real.keys()}
    assert len(checked) > 10
    assert checked == {name: real[name] for name in checked}


def defaults_of_settings() -> dict[str, str]:
    """Return the literal defaults of settings, as people write them."""
    found = {}
    for node in ast.walk(tree_of(SETTINGS)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("env.") and node.args:
            for keyword in node.keywords:
                if keyword.arg == "default" and variable(node.args[0]) and not isinstance(keyword.value, ast.Call):
                    found[str(variable(node.args[0]))] = written(ast.unparse(keyword.value))
    return found


def written(expression: str) -> str:
    value = eval(expression, {"__builtins__": {}})  # noqa: S307 - an expression of our own settings file
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list):
        return ",".join(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
