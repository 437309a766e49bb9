"""Fingerprints: whether what a job once worked on is still exactly the same."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from launcher.configuration import ROOT


def fingerprint(files: Iterable[Path]) -> str:
    """Returns a hash over path, size and time of change of each file; one that is missing counts as such."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file}\0{_state(file)}\0".encode())
    return digest.hexdigest()


def migration_files() -> list[Path]:
    """Returns our migrations, and the lock that names the packages whose migrations come with them."""
    return [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("*/*/migrations/*.py"), ROOT / "requirements.txt"]


def static_files() -> list[Path]:
    """Returns what is collected: our static files, and the lock that names the packages that bring some."""
    own = [file for file in (ROOT / "static").rglob("*") if file.is_file()]
    return [*own, ROOT / "requirements.txt", ROOT / "dashboard" / "settings.py"]


def _state(file: Path) -> str:
    try:
        found = file.stat()
    except FileNotFoundError:
        return "missing"
    return f"{found.st_size}:{found.st_mtime_ns}"
