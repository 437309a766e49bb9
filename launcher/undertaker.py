"""Waits for the supervisor to die, then ends everything it had running.

It holds one end of a pipe whose other end only the supervisor has: however that dies, the pipe closes. The kernel's
death signal does the same for direct children on Linux, but not for their children, and macOS has none.
"""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from launcher import records
from launcher.process import Process

ROOT = Path(__file__).resolve().parent.parent


def process(directory: Path, environment: Mapping[str, str], *, remove: Path | None = None) -> Process:
    """The undertaker for the processes recorded in a directory; `remove` is deleted when it has done its work."""
    command = [sys.executable, "-m", "launcher.undertaker", str(directory), *([str(remove)] if remove else [])]
    return Process(
        name=records.UNDERTAKER,
        command=command,
        environment=environment,
        directory=ROOT,
        ready=lambda: True,
        lifeline=True,
    )


def main(directory: Path, remove: Path | None) -> None:
    sys.stdin.buffer.read()
    records.end_all_but_the_undertaker(directory)
    if remove:
        shutil.rmtree(remove, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
