"""Takes away what `make` made, but never beneath a running stack and never somebody's real data unasked."""

import os
from pathlib import Path

from launcher import LaunchError, accounts, configuration
from launcher.binaries import SHARED_COPIES
from launcher.configuration import ROOT
from launcher.directory import DataDirectory, delete
from launcher.speech import say

MADE = (
    ".venv",
    ".cache",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".import_linter_cache",
    ".grimp_cache",
    "staticfiles",
    "screenshots",
    "bench.json",
)


def reset_demo() -> None:
    """Throws the demo world away; the next `make run` loads a fresh one.

    Raises LaunchError while it runs, and for data that is not (only) the demo's.
    """
    settings = configuration.read(accounts.for_servers())
    data = DataDirectory(settings.data)
    _refuse_while_running(data)
    if settings.environment.get("DATABASE_URL"):
        raise LaunchError("DATABASE_URL names a database of your own, which is not emptied from here.")
    if not data.path.exists():
        say("There is no demo world yet; `make run` loads one.")
        return
    if not (data.is_ours and data.is_demo):
        raise LaunchError(f"{data.path} does not hold the demo world but data of your own, so it stays as it is.")
    _remove_data(data)
    say("The demo world is gone; `make run` loads a fresh one.")


def clean(root: Path = ROOT, copies: Path = SHARED_COPIES) -> None:
    """Removes the environment, caches and the data directory. Data that is not the demo's needs FORCE=1.

    Raises LaunchError while a stack runs on the data.
    """
    data = DataDirectory(configuration.read(accounts.for_servers(), root=root).data)
    _refuse_while_running(data)
    if os.geteuid() == 0:
        _remove(copies)  # they may lie in the data directory, which goes only when it is empty
    if data.path.exists():
        _clean_data(data, root)
    for name in MADE:
        _remove(root / name)
    for cache in root.rglob("__pycache__"):
        _remove(cache)


def _clean_data(data: DataDirectory, root: Path) -> None:
    if not data.checkout.exists() or data.checkout.read_text().strip() != str(root):
        say(f"{data.path} was not made by this checkout, so it stays.")
    elif data.world.exists() and not data.is_demo and os.environ.get("FORCE") != "1":
        say(f"{data.path} holds data of your own, so it stays. To delete it too: make clean FORCE=1")
    else:
        _remove_data(data)


def _refuse_while_running(data: DataDirectory) -> None:
    if data.is_in_use():
        raise LaunchError(f"Partnerbus runs on {data.path}. Stop it first, with Ctrl-C where it runs.")


def _remove(path: Path) -> None:
    if path.exists() or path.is_symlink():
        delete(path)
        say(f"removed {path}")


def _remove_data(data: DataDirectory) -> None:
    others = [name for name in data.remove() if data.path / name != SHARED_COPIES]
    if others:
        say(f"{data.path} stays, because Partnerbus did not make: {', '.join(others)}. Move that before `make run`.")
    else:
        say(f"removed {data.path}")
