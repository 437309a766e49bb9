"""What the launcher is told by its environment and by the `.env` file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher import LaunchError
from launcher.accounts import Account, can_reach

ROOT = Path(__file__).resolve().parent.parent
DATA_OF_ROOT = Path("/var/lib/partnerbus")
SWITCHES = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True)
class Configuration:
    """The few variables the launcher reads itself; all others pass through to the processes it starts."""

    data: Path
    port: int
    sandbox_port: int
    sandbox: bool
    demo: bool
    environment: Mapping[str, str]


def read(account: Account | None, environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> Configuration:
    """Reads the environment, which wins, and `.env` below it.

    Raises LaunchError for a port that is not a number and a switch that is neither on nor off.
    """
    merged = {**read_dotenv(root / ".env"), **environment}
    sandbox = _is_on(merged, "PARTNERBUS_SANDBOX")
    return Configuration(
        data=_data_directory(merged.get("PARTNERBUS_DATA", ""), account, root),
        port=_port(merged, "PORT", 8000),
        sandbox_port=_port(merged, "SANDBOX_PORT", 4566),
        sandbox=sandbox,
        demo=sandbox and _is_on(merged, "PARTNERBUS_DEMO"),
        environment=merged,
    )


def read_dotenv(file: Path) -> dict[str, str]:
    """The `NAME=value` lines of a file; `export`, comments and quotes around a value are understood."""
    if not file.exists():
        return {}
    lines = (line.strip().removeprefix("export ") for line in file.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): _unquoted(value.strip()) for name, _, value in pairs}


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value.partition(" #")[0].rstrip()


def _data_directory(chosen: str, account: Account | None, root: Path) -> Path:
    if chosen:
        return (root / Path(chosen).expanduser()).resolve()
    beside = root / ".data"
    return beside if can_reach(beside, account) else DATA_OF_ROOT


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name) or str(default)
    if value.isdecimal() and int(value) < 65536:
        return int(value)
    raise LaunchError(f"{name}={value} is not a port. Give a number from 1 to 65535, or 0 for any free one.")


def _is_on(environment: Mapping[str, str], name: str) -> bool:
    value = (environment.get(name) or "1").strip().lower()
    if value in SWITCHES:
        return SWITCHES[value]
    raise LaunchError(f"{name}={environment[name]} is neither on nor off. Give one of: {', '.join(SWITCHES)}.")
