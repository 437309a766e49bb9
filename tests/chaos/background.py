"""Things that go on in threads of their own until they are ended."""

import threading
from abc import ABC, abstractmethod
from concurrent.futures import Future, ThreadPoolExecutor


class Background(ABC):
    """Works in a thread within the `with` block. What breaks it is raised by `check` and `finish`."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=type(self).__name__.lower())
        self._working: Future[None] | None = None

    def __enter__(self) -> "Background":
        self._working = self._pool.submit(self.work)
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._pool.shutdown()

    @abstractmethod
    def work(self) -> None:
        """Go on until `ended` is set."""

    @property
    def is_done(self) -> bool:
        return self._working is not None and self._working.done()

    def check(self) -> None:
        """Raise what broke the work, if anything did."""
        if self._working is not None and self._working.done():
            self._working.result()

    def finish(self) -> None:
        """End the work and wait until it has ended."""
        self.ended.set()
        if self._working is not None:
            self._working.result()
