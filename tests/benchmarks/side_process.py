"""Work in a process of its own, measured apart: it says `ready`, waits for `go`, and answers one line of JSON."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from launcher.configuration import ROOT
from tests.benchmarks.results import Failed

READY = "ready"


class SideProcess:
    """`python -m MODULE ARGUMENT`, where the argument is a JSON object. Ready when the `with` block begins."""

    def __init__(self, module: str, argument: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, json.dumps(argument)],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "SideProcess":
        said = self._read()
        if said != READY:
            self.__exit__(None, None, None)
            raise Failed(f"{self._module} did not get ready; its words stand above")
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.communicate()

    def go(self) -> None:
        """Let it begin."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Wait for its end and return what it found. Raises Failed when it died."""
        said = self._read()
        if not said:
            raise Failed(f"{self._module} ended with exit code {self._process.wait()}; its words stand above")
        return json.loads(said)

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def argument() -> dict[str, Any]:
    """For the side process: return what it is to do."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    return given


def wait_for_go() -> float:
    """For the side process: say that it is ready, wait for the word, and return the moment (monotonic seconds)."""
    _say(READY)
    if not sys.stdin.readline():
        sys.exit(1)
    return time.monotonic()


def tell(found: Mapping[str, Any]) -> None:
    """For the side process: answer."""
    _say(json.dumps(found))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
