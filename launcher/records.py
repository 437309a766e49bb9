"""Notes about running processes on disk, so that whatever outlives its supervisor can be found and ended."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from launcher.identity import birth_of, group_exists, is_running

UNDERTAKER = "undertaker"
ORPHAN_GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Record:
    """A process that leads a group of its own."""

    name: str
    pid: int
    birth: str | None
    stop_signal: int


def write(directory: Path, record: Record) -> None:
    draft = directory / f"{record.name}.new"
    draft.write_text(json.dumps(asdict(record)))
    draft.replace(directory / f"{record.name}.json")


def forget(directory: Path, name: str) -> None:
    (directory / f"{name}.json").unlink(missing_ok=True)


def read_all(directory: Path) -> list[Record]:
    """Every readable record; one that a full disk left empty or torn names nobody."""
    records = []
    for path in sorted(directory.glob("*.json")):
        with contextlib.suppress(ValueError, TypeError, FileNotFoundError):
            records.append(Record(**json.loads(path.read_text())))
    return records


def end_left_over(directory: Path) -> list[str]:
    """Ends what an earlier supervisor left running, politely for a few seconds; returns the names of those found."""
    records = read_all(directory)
    # First the undertaker: it would go on to end what is about to be started.
    for record in records:
        if record.name == UNDERTAKER and is_running(record.pid, record.birth):
            os.kill(record.pid, signal.SIGKILL)
    found = end_all_but_the_undertaker(directory)
    for path in directory.glob("*.json"):
        path.unlink(missing_ok=True)
    return found


def end_all_but_the_undertaker(directory: Path) -> list[str]:
    """Sends each recorded process its stop signal, waits, and kills what is left of its group."""
    records = [record for record in read_all(directory) if record.name != UNDERTAKER]
    running = [record for record in records if is_running(record.pid, record.birth)]
    for record in running:
        _send(os.kill, record.pid, record.stop_signal)
    deadline = time.monotonic() + ORPHAN_GRACE_SECONDS
    while time.monotonic() < deadline and any(is_running(record.pid, record.birth) for record in running):
        time.sleep(0.05)
    for record in records:
        if _group_is_ours(record):
            kill_group(record.pid)
        forget(directory, record.name)
    return [record.name for record in running]


def kill_group(group: int) -> None:
    _send(os.killpg, group, signal.SIGKILL)


def _group_is_ours(record: Record) -> bool:
    # A group keeps its number reserved after its leader is gone, so a group without a leader is what ours left behind;
    # a living process of another birth under that number is a stranger.
    living = birth_of(record.pid)
    return group_exists(record.pid) if living is None else living == record.birth


def _send(kill: Callable[[int, int], None], target: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        kill(target, number)
