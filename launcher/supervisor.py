"""Starts processes one after the other, starts again what dies, and stops them in reverse."""

import contextlib
import time
from collections.abc import Callable

from launcher import LaunchError
from launcher.child import Child
from launcher.directory import DataDirectory
from launcher.errand import Errand
from launcher.process import Job, Process

TICK_SECONDS = 0.1
HOUSEKEEPING_SECONDS = 10.0


class Stopped(Exception):
    """Somebody asked for the end while the start was still going on."""


class Supervisor:
    """Everything happens in the thread that calls it, between short sleeps."""

    def __init__(self, data: DataDirectory, say: Callable[[str], None]) -> None:
        self.data = data
        self.children: list[Child] = []
        self.shown: list[str] = []
        self.all_started = False
        self.stop_requests = 0
        self._say = say
        self._starting: list[Child] = []
        self._changed: Callable[[], None] = lambda: None
        self._tidied_at = time.monotonic()

    @property
    def ready(self) -> bool:
        return self.all_started and all(child.ready for child in self.children)

    def on_change(self, tell: Callable[[], None]) -> None:
        """Has a function called whenever a process starts, answers or ends."""
        self._changed = tell

    def request_stop(self) -> None:
        """Ends the watching; asked twice, it ends without waiting for anybody."""
        self.stop_requests += 1

    def start(self, *parts: Process | Job) -> None:
        """Starts these together and waits until the processes answer and the jobs are done.

        Raises LaunchError with the end of its log when one ends, fails or stays silent instead, Stopped when asked to.
        """
        errands = []
        try:
            for part in parts:
                if isinstance(part, Job):
                    errands.append(Errand(part, self.data))
                else:
                    self._launch(part)
            for errand in errands:
                self._wait_for(errand)
            for child in list(self._starting):
                self._wait_until_ready(child)
        finally:
            for errand in errands:
                errand.finish()
        self._changed()

    def watch(self) -> None:
        """Looks after the children until somebody asks for the end."""
        while not self.stop_requests:
            self._tend()
            time.sleep(TICK_SECONDS)

    def stop(self) -> None:
        """Stops the children, the last started first."""
        for child in reversed(self.children):
            child.ask_to_stop()
            deadline = time.monotonic() + child.process.grace
            while child.pid and time.monotonic() < deadline and self.stop_requests < 2:
                time.sleep(0.02)
            child.finish()
        self.children.clear()

    def _launch(self, process: Process) -> None:
        child = Child(process, self.data)
        # Before it starts: when only its record cannot be written, it runs all the same and has to be stopped.
        self.children.append(child)
        self._starting.append(child)
        child.launch()

    def _wait_for(self, errand: Errand) -> None:
        while not errand.has_ended():
            self._pause()
        said = errand.result()
        if errand.job.shows_output:
            self.shown.append(said)

    def _wait_until_ready(self, child: Child) -> None:
        limit = child.process.start_limit
        deadline = time.monotonic() + limit
        while not child.become_ready():
            if child.has_ended():
                raise LaunchError(self._could_not_start(child, f"ended at once ({child.how_it_ended()})"))
            if time.monotonic() > deadline:
                raise LaunchError(self._could_not_start(child, f"did not answer within {limit:.0f} s"))
            self._pause()
        self._starting.remove(child)

    def _pause(self) -> None:
        if self.stop_requests:
            raise Stopped
        self._tend()
        time.sleep(TICK_SECONDS)

    def _tend(self) -> None:
        for child in self.children:
            if child not in self._starting:
                self._tend_one(child)
        if time.monotonic() - self._tidied_at > HOUSEKEEPING_SECONDS:
            self._tidied_at = time.monotonic()
            self._changed()  # the last time there may have been no room to write it down
            with contextlib.suppress(OSError):  # a full disk is a reason to look again later, not to end
                for child in self.children:
                    child.rotate_log()

    def _tend_one(self, child: Child) -> None:
        if child.start_again_at is not None:
            if time.monotonic() >= child.start_again_at:
                self._start_again(child)
        elif child.has_ended():
            reason, delay = child.how_it_ended(), child.bury()
            again = f"starting it again in {delay:g} s. Log: {child.log}"
            self._say(f"{child.process.name} ended ({reason}); {again}{self.data.scarcity()}")
            self._changed()
        elif not child.ready and child.become_ready():
            self._changed()

    def _start_again(self, child: Child) -> None:
        try:
            child.launch()
        except (LaunchError, OSError) as error:
            delay = child.bury()
            self._say(f"{child.process.name} cannot be started ({error}); trying again in {delay:g} s.")
        self._changed()

    def _could_not_start(self, child: Child, how: str) -> str:
        return f"{child.process.name} {how}. The end of {child.log}:\n{child.last_words()}"
