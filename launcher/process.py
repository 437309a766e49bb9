"""What the supervisor keeps running, and what it runs once."""

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher.accounts import Account


@dataclass(frozen=True)
class Process:
    """A program that is to stay up; `ready` asks it a real question. Times in seconds."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    ready: Callable[[], bool]
    prepare: Callable[[], None] = field(default=lambda: None)
    account: Account | None = None
    stop_signal: int = signal.SIGTERM
    grace: float = 10
    start_limit: float = 60
    umask: int = -1  # the supervisor's own
    lifeline: bool = False  # its standard input stays open for as long as the supervisor lives


@dataclass(frozen=True)
class Job:
    """A program that runs once, in its place in the order, and has to succeed."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    doing: str
    mark: tuple[Path, Callable[[], str]] | None = None  # the file that says it is done, and what it then says
    shows_output: bool = False
