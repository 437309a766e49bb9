"""A whole private Partnerbus for a test or a script: free ports, fresh data, gone at the end."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from launcher import LaunchError, accounts, configuration, status
from launcher.configuration import ROOT
from launcher.directory import DataDirectory
from launcher.processes import AWS_LEFT_OUT
from launcher.status import Status

SUPERVISOR = (sys.executable, "-m", "launcher.supervise")
# Empty words beat what `.env` says, so that a private stack never touches the servers of a real one.
PRIVATE = {
    "DATABASE_URL": "",
    "DATABASE_URL_DIRECT": "",
    "REDIS_URL": "",
    "ALLOWED_HOSTS": "",
    "PUBLIC_URL": "",
    "PORT": "0",
    "SANDBOX_PORT": "0",
    "PARTNERBUS_SANDBOX": "1",
    "PARTNERBUS_DEMO": "0",
}


class Stack:
    """A supervisor in a process of its own, seen through its status file."""

    def __init__(self, data: Path, environment: Mapping[str, str], command: Sequence[str] = SUPERVISOR) -> None:
        self.data = DataDirectory(data)
        self.words = data.parent / f"{data.name}.out"
        self._environment = {**os.environ, **PRIVATE, **environment, "PARTNERBUS_DATA": str(data)}
        self._command = command
        self._supervisor: subprocess.Popen[bytes] | None = None

    @property
    def status(self) -> Status:
        """Raises LaunchError when nothing runs."""
        found = status.read(self.data.status)
        if found is None:
            raise LaunchError(f"Nothing runs on {self.data.path}. The supervisor said:\n{self.output}")
        return found

    @property
    def web_url(self) -> str:
        return self.status["web_url"]

    @property
    def sandbox_url(self) -> str | None:
        return self.status["sandbox_url"]

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment for a command that is to work on this stack."""
        inherited = {name: value for name, value in self._environment.items() if name not in AWS_LEFT_OUT}
        return {**inherited, **self.status["environment"]}

    @property
    def output(self) -> str:
        """What the supervisor has printed."""
        return self.words.read_text() if self.words.exists() else ""

    def start(self, limit: float = 180) -> None:
        """Starts the supervisor and waits until all parts answer.

        Raises LaunchError with its words when it ends, or is not ready after `limit` seconds.
        """
        with self.words.open("wb") as words:
            self._supervisor = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )
        self.wait_until_ready(limit)

    def wait_until_ready(self, limit: float = 60) -> None:
        """Waits until every part answers.

        Raises LaunchError when the supervisor ends first, or after `limit` seconds.
        """
        deadline = time.monotonic() + limit
        while not self.is_ready():
            if self._supervisor is None or self._supervisor.poll() is not None:
                raise LaunchError(f"The supervisor ended. It said:\n{self.output}")
            if time.monotonic() > deadline:
                raise LaunchError(f"Not ready after {limit:.0f} s. The supervisor said:\n{self.output}")
            time.sleep(0.05)

    def is_ready(self) -> bool:
        found = status.read(self.data.status)
        return found is not None and found["ready"]

    def kill(self, name: str, number: int = signal.SIGKILL, limit: float = 30) -> None:
        """Sends a signal to one part, and waits until that process is gone; the supervisor starts it again."""
        pid = self.status["pids"][name]
        os.kill(pid, number)
        deadline = time.monotonic() + limit
        while self.status["pids"].get(name) == pid:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} did not end within {limit:.0f} s of signal {number}")
            time.sleep(0.02)

    def kill_supervisor(self) -> None:
        """Kills the supervisor without a chance to tidy up."""
        self._end(signal.SIGKILL, limit=10)

    def stop(self, limit: float = 120) -> int:
        """Stops everything in order and returns the supervisor's exit code."""
        return self._end(signal.SIGTERM, limit)

    def _end(self, number: int, limit: float) -> int:
        if self._supervisor is None:
            return 0
        self._supervisor.send_signal(number)
        return self._supervisor.wait(limit)


@contextlib.contextmanager
def running(
    data: Path | None = None,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = SUPERVISOR,
) -> Iterator[Stack]:
    """A ready stack. Without `data` it works in a temporary directory, which goes with it.

    Raises LaunchError with the supervisor's words when it does not come up.
    """
    with contextlib.ExitStack() as later:
        if data is None:
            data = Path(tempfile.mkdtemp(prefix="partnerbus-"))
            data.chmod(0o711)  # the servers' account has to pass
            later.callback(shutil.rmtree, data, ignore_errors=True)
            data = data / "data"
        stack = Stack(data, environment or {}, command)
        later.callback(stack.stop)
        stack.start()
        yield stack


def adopt() -> None:
    """Takes over the variables of the stack that `make run` keeps up at this moment, if there is one.

    With them `manage.py` commands reach the embedded servers, whose ports and passwords nobody knows by heart. Does
    nothing where DATABASE_URL is already set.
    """
    if os.environ.get("DATABASE_URL"):
        return
    found = status.read(DataDirectory(configuration.read(accounts.for_servers()).data).status)
    if found is None:
        return
    if found["sandbox_url"]:
        for name in AWS_LEFT_OUT:
            os.environ.pop(name, None)
    os.environ.update(found["environment"])
