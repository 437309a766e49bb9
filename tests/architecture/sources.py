"""The files that are committed, or would be."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("dashboard", "integrations", "launcher", "tenants")


@cache
def files() -> tuple[Path, ...]:
    """Return every file that git tracks or would add, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(Path(name) for name in sorted(listed.split("\0")) if (ROOT / name).is_file())


def modules(*packages: str) -> list[Path]:
    """Return the Python modules of these packages, without migrations."""
    return [
        path
        for path in files()
        if path.suffix == ".py" and path.parts[0] in packages and "migrations" not in path.parts
    ]


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))
