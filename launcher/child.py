"""One process under supervision, through its deaths and rebirths."""

import shutil
import signal
import subprocess
import time

from launcher import records
from launcher.directory import DataDirectory
from launcher.identity import birth_of
from launcher.process import Process
from launcher.records import Record
from launcher.spawning import spawn

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
HEALTHY_AFTER_SECONDS = 60.0
LOG_LIMIT_BYTES = 20_000_000


class Child:
    """A process, the log it writes and when it is to be started again."""

    def __init__(self, process: Process, data: DataDirectory) -> None:
        self.process = process
        self.data = data
        self.log = data.logs / f"{process.name}.log"
        self.ready = False
        self.restarts = 0
        self.start_again_at: float | None = None
        self._short_lives = 0
        self._popen: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._log_begins_at = 0  # what stands before it in the log is from earlier lives

    @property
    def pid(self) -> int | None:
        return self._popen.pid if self._popen and self._popen.poll() is None else None

    def launch(self) -> None:
        """Starts the process, in a group of its own, and writes down that it runs."""
        self.process.prepare()
        self.ready, self.start_again_at = False, None
        with self.log.open("ab") as output:
            self._log_begins_at = output.tell()
            self._popen = spawn(
                self.process.command,
                environment=self.process.environment,
                directory=self.process.directory,
                output=output,
                account=self.process.account,
                death_signal=0 if self.process.lifeline else self.process.stop_signal,
                stdin=subprocess.PIPE if self.process.lifeline else subprocess.DEVNULL,
                umask=self.process.umask,
            )
        self._started_at = time.monotonic()
        pid = self._popen.pid
        records.write(self.data.records, Record(self.process.name, pid, birth_of(pid), int(self.process.stop_signal)))

    def has_ended(self) -> bool:
        return self._popen is not None and self._popen.poll() is not None

    def become_ready(self) -> bool:
        """Whether it answers, or has answered since it was started."""
        self.ready = self.ready or (not self.has_ended() and self.process.ready())
        return self.ready

    def bury(self) -> float:
        """Ends what the dead process left of its group, plans the next start and returns the seconds until then."""
        self._sweep()
        self.ready = False
        lived = time.monotonic() - self._started_at
        self._short_lives = 0 if lived > HEALTHY_AFTER_SECONDS else self._short_lives + 1
        delay = min(FIRST_DELAY_SECONDS * 2.0 ** max(self._short_lives - 1, 0), LONGEST_DELAY_SECONDS)
        self.start_again_at = time.monotonic() + delay
        self.restarts += 1
        return delay

    def ask_to_stop(self) -> None:
        """Sends its stop signal; it is not started again."""
        self.ready, self.start_again_at = False, None
        if self._popen:
            self._popen.send_signal(self.process.stop_signal)

    def finish(self) -> None:
        """Kills what is left of it and its group."""
        self._sweep()

    def how_it_ended(self) -> str:
        code = self._popen.returncode if self._popen else 0
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def last_words(self, lines: int = 15) -> str:
        """The end of what it wrote since it was last started."""
        written = self.log.read_bytes()[self._log_begins_at :].decode(errors="replace")
        return "\n".join(written.splitlines()[-lines:]) or "(it wrote nothing)"

    def rotate_log(self) -> None:
        """Keeps the log below its limit: the child goes on appending to the same file, which is copied and emptied.

        Lines written between the two are lost; the other way, a pipe through the supervisor, would stop the child
        whenever the supervisor is busy.
        """
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            with self.log.open("r+b") as file:
                file.truncate(0)
            self._log_begins_at = 0

    def _sweep(self) -> None:
        if self._popen:
            # Only once: when the group is gone its number is free for strangers.
            records.kill_group(self._popen.pid)
            self._popen.wait()
            self._popen = None
        records.forget(self.data.records, self.process.name)
