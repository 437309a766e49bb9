"""What the Makefile asks for, by name."""

import os
import sys
import time
from collections.abc import Callable

from launcher import LaunchError, chromium, cleaning, installing
from launcher.configuration import ROOT
from launcher.speech import say


def main(arguments: list[str]) -> int:
    """Carries out one command; returns the exit code."""
    commands: dict[str, Callable[[], None]] = {
        "run": _run,
        "install": lambda: installing.install(ROOT, "requirements.txt"),
        "install-dev": lambda: installing.install(ROOT, "requirements-dev.txt"),
        "chromium": chromium.require,
        "demo-reset": cleaning.reset_demo,
        "clean": cleaning.clean,
    }
    if len(arguments) != 1 or arguments[0] not in commands:
        say(f"usage: python3 -m launcher {' | '.join(commands)}")
        return 2
    try:
        commands[arguments[0]]()
    except LaunchError as reason:
        say(f"\n{reason}")
        return 1
    return 0


def _run() -> None:
    began = time.monotonic()
    installing.install(ROOT, "requirements.txt")
    os.chdir(ROOT)
    python = str(installing.python_of(ROOT))
    sys.stdout.flush()
    os.execv(python, [python, "-m", "launcher.supervise", str(began)])  # noqa: S606 - no shell is wanted
