"""A job on its way: a program that runs once and has to succeed."""

import signal
import subprocess

from launcher import LaunchError, records
from launcher.directory import DataDirectory
from launcher.identity import birth_of
from launcher.process import Job
from launcher.records import Record
from launcher.spawning import spawn


class Errand:
    """Starts at once; `finish` has to be called, also when nobody waits for its end any more."""

    def __init__(self, job: Job, data: DataDirectory) -> None:
        self.job = job
        self.data = data
        self.log = data.logs / f"{job.name}.log"
        with self.log.open("wb") as output:
            self._popen: subprocess.Popen[bytes] = spawn(
                job.command, environment=job.environment, directory=job.directory, output=output
            )
        pid = self._popen.pid
        records.write(data.records, Record(job.name, pid, birth_of(pid), signal.SIGTERM))

    def has_ended(self) -> bool:
        return self._popen.poll() is not None

    def finish(self) -> None:
        """Kills what is left of it."""
        records.kill_group(self._popen.pid)
        self._popen.wait()
        records.forget(self.data.records, self.job.name)

    def result(self) -> str:
        """What it printed, once it has ended; leaves the job's mark.

        Raises LaunchError with the end of its log when it failed.
        """
        said = self.log.read_text(errors="replace").strip()
        if self._popen.returncode != 0:
            last = "\n".join(said.splitlines()[-15:])
            raise LaunchError(f"It was not possible to {self.job.doing}. The end of {self.log}:\n{last}")
        if self.job.mark:
            file, text = self.job.mark
            file.write_text(f"{text()}\n")
        return said
