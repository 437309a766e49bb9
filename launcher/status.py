"""`stack.json` in the data directory: what runs, where and as which process, for programs to read."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from launcher.child import Child
from launcher.identity import is_running


class Status(TypedDict):
    """The file's content; `environment` is what the processes have beyond the supervisor's own, passwords included."""

    supervisor: int
    birth: str | None
    ready: bool
    web_url: str
    sandbox_url: str | None
    pids: dict[str, int]
    restarts: dict[str, int]
    environment: dict[str, str]


def of(children: list[Child], **rest: object) -> dict[str, object]:
    return {
        **rest,
        "pids": {child.process.name: child.pid for child in children if child.pid},
        "restarts": {child.process.name: child.restarts for child in children},
    }


def write(file: Path, status: Mapping[str, object]) -> None:
    """Replaces the file in one step. A full disk must not end the supervisor, so it may stay as it was."""
    draft = file.with_suffix(".new")
    with contextlib.suppress(OSError):
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(status, indent=1))
        draft.replace(file)


def read(file: Path) -> Status | None:
    """What is running; None when nothing is, even if a killed supervisor left its file behind."""
    try:
        status: Status = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return status if is_running(status["supervisor"], status["birth"]) else None
