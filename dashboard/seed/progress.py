"""How far a long command is: one line that is written over at a terminal, a line for each tenth elsewhere."""

import threading
import time
from collections.abc import Callable
from typing import TextIO

WIDTH = 30
BAR = 24
WIPE = "\r\x1b[K"


class Progress:
    """Counts up to `total` and shows it. Threads may share one."""

    def __init__(self, stream: TextIO, total: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._total = max(total, 1)
        self._clock = clock
        self._began = clock()
        self._done = 0
        self._tenths = 0
        self._lock = threading.Lock()
        self._is_terminal = stream.isatty()

    def advance(self, by: int, what: str) -> None:
        """Say that so much more is done, the last of it `what`."""
        with self._lock:
            self._done += by
            tenths = 10 * self._done // self._total
            if self._is_terminal:
                self._write(f"{WIPE}{self._bar()} {self._words(what)}")
            elif tenths > self._tenths:
                self._write(f"{self._words(what)}\n")
            self._tenths = tenths

    def close(self) -> None:
        """Leave the line, so that what is written next stands on its own."""
        if self._is_terminal:
            self._write("\n")

    def _bar(self) -> str:
        full = min(BAR * self._done // self._total, BAR)
        return f"[{'#' * full}{'.' * (BAR - full)}]"

    def _words(self, what: str) -> str:
        share = min(self._done / self._total, 1.0)
        return f"{share:4.0%}  {what:<{WIDTH}} {self._left(share)}".rstrip()

    def _left(self, share: float) -> str:
        if not 0 < share < 1:
            return ""
        seconds = (self._clock() - self._began) * (1 - share) / share
        return f"{seconds:.0f} s left" if seconds < 90 else f"{seconds / 60:.0f} min left"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
