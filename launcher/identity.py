"""Tells one process from a later one that was given the same number."""

import os
import subprocess
from pathlib import Path

PROC = Path("/proc")


def birth_of(pid: int) -> str | None:
    """The moment a process began, as an opaque text that no later process with its number can share.

    None when there is no such process, or only its zombie.
    """
    if (PROC / "self/stat").exists():
        return _birth_on_linux(pid)
    return _ask_ps(pid, "lstart")


def command_of(pid: int) -> str:
    """The command line of a process; empty when it is gone or belongs to somebody who hides it."""
    if (PROC / "self/cmdline").exists():
        try:
            return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    return _ask_ps(pid, "command") or ""


def is_running(pid: int, birth: str | None) -> bool:
    """Whether the very process that was recorded with this birth is still there."""
    return birth is not None and birth_of(pid) == birth


def group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _birth_on_linux(pid: int) -> str | None:
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The second field is the program's name in brackets, which may hold spaces and brackets of its own.
    state, *fields = stat.rpartition(")")[2].split()
    ticks_since_boot = fields[18]
    return None if state in "ZX" else f"{boot}:{ticks_since_boot}"


def _ask_ps(pid: int, column: str) -> str | None:
    answer = subprocess.run(["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None
