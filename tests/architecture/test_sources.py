"""What every file of the repository has to be like."""

import ast
import re
from pathlib import Path

from tests.architecture.sources import PRODUCT, ROOT, files, modules, tree_of

# What speaks for itself, like the names of test modules.
OBVIOUS = {"__init__.py", "apps.py", "conftest.py"}
# Written apart, so that this file does not find itself.
REGISTRIES = re.compile(
    "|".join(
        rf"\b{re.escape(host)}\b"
        for host in (
            ".".join(parts)
            for parts in (
                ("pypi", "org"),
                ("pythonhosted", "org"),
                ("npmjs", "org"),
                ("npmjs", "com"),
                ("yarnpkg", "com"),
                ("docker", "io"),
                ("ghcr", "io"),
                ("quay", "io"),
                ("proxy", "golang", "org"),
                ("crates", "io"),
                ("rubygems", "org"),
            )
        )
    )
)
VAGUE = {"utils", "helpers", "services", "common", "manager", "managers", "base", "core", "misc"}
# AWS's services in the simulator, and PostgreSQL and Valkey for the tests: that is what they are about.
KNOWN = {Path("integrations/sandbox/services.py"), Path("tests/services.py")}


def test_every_module_says_what_it_is_for() -> None:
    speaking = [path for path in modules(*PRODUCT, "tests") if path.name not in OBVIOUS and path.stem[:5] != "test_"]
    assert [str(path) for path in speaking if not ast.get_docstring(tree_of(path))] == []


def test_no_file_names_the_host_of_a_package_registry() -> None:
    ours = [path for path in files() if path.parts[:2] != ("tests", "data")]  # recorded events of others
    assert [f"{path}: {host.group()}" for path in ours for host in REGISTRIES.finditer(text_of(path))] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [path for path in modules(*PRODUCT, "tests") if path.stem in VAGUE or VAGUE & set(path.parts[:-1])]
    assert set(vague) <= KNOWN


def test_no_module_of_the_product_grows_beyond_300_lines() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in modules(*PRODUCT)}
    assert {path: length for path, length in lengths.items() if length > 300} == {}


def test_http_stays_at_the_edges() -> None:
    """`api` and `bodies` are an edge; a door may say Http404, because strangers shall not learn that a row exists."""
    inner = [path for path in modules("integrations", "tenants") if path.stem not in ("api", "bodies")]
    assert {str(path): names for path in inner if (names := http_types(path) - {"Http404"})} == {}


def http_types(path: Path) -> set[str]:
    """Return what a module imports from Django's HTTP and from the API framework."""
    imported = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[:2] in (["django", "http"], ["ninja"]):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names if alias.name.startswith(("django.http", "ninja"))}
    return imported


def text_of(path: Path) -> str:
    """Return what is written in a text file, nothing for another."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
