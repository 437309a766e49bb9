"""The events that a batcher holds: bounded in number and bytes, given out in batches that are due."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from partnerbus_client.events import Event


@dataclass(frozen=True)
class Limits:
    """A batch is due at `batch_events`, `batch_bytes` or `batch_age` seconds; `events` and `bytes` are held at most."""

    batch_events: int
    batch_bytes: int
    batch_age: float
    events: int
    bytes: int

    def __post_init__(self) -> None:
        if min(self.batch_events, self.batch_bytes, self.events, self.bytes) < 1 or self.batch_age < 0:
            raise ValueError("The limits of a batcher are positive.")


@dataclass(frozen=True)
class Held:
    """An event, the bytes of its body, and the moment it came (monotonic)."""

    event: Event
    size: int
    since: float


class Backlog:
    """A queue for any number of threads that put and one that takes. What was taken counts until it is settled."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._changed = threading.Condition()
        self._waiting: deque[Held] = deque()
        self._put = self._settled = self._hurried = 0
        self._bytes = 0
        self._closes_at: float | None = None

    def put(self, event: Event, timeout: float | None) -> bool:
        """Take an event as soon as there is room; False if there was none in time, or if the backlog is closed."""
        size = len(event.body)
        with self._changed:
            if not self._wait_for(lambda: self.closed or self._has_room(size), timeout) or self.closed:
                return False
            self._waiting.append(Held(event, size, time.monotonic()))
            self._put += 1
            self._bytes += size
            self._changed.notify_all()
            return True

    def next_batch(self) -> list[Held]:
        """Wait until a batch is due and take it. An empty one means closed and drained."""
        with self._changed:
            self._wait_for(lambda: bool(self._waiting) or self.closed, None)
            while self._waiting and (seconds := self._seconds_until_due()) > 0:
                self._changed.wait(seconds)
            batch: list[Held] = []
            size = 0
            while self._waiting and len(batch) < self._limits.batch_events:
                size += self._waiting[0].size
                if batch and size > self._limits.batch_bytes:
                    break
                batch.append(self._waiting.popleft())
            return batch

    def settle(self, batch: list[Held]) -> None:
        """Make room: these are sent or handed back."""
        with self._changed:
            self._settled += len(batch)
            self._bytes -= sum(held.size for held in batch)
            self._changed.notify_all()

    def flush(self, timeout: float | None) -> bool:
        """Call everything due and wait until all that was put so far is settled; False if that took too long."""
        with self._changed:
            target = self._put
            self._hurried = max(self._hurried, target)
            self._changed.notify_all()
            return self._wait_for(lambda: self._settled >= target, timeout)

    def close(self, timeout: float) -> None:
        """Take nothing more, and call everything due until the time is up. The first call counts."""
        with self._changed:
            if self._closes_at is None:
                self._closes_at = time.monotonic() + timeout
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Sleep, but not beyond the end that `close` sets meanwhile."""
        with self._changed:
            ends_at = time.monotonic() + seconds
            while (left := min(ends_at, self._closes_at or ends_at) - time.monotonic()) > 0:
                self._changed.wait(left)

    @property
    def held(self) -> int:
        """How many events are waiting or under way."""
        return self._put - self._settled

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        return self._closes_at is not None

    @property
    def out_of_time(self) -> bool:
        """Whether what is left must not be tried any more."""
        return self._closes_at is not None and time.monotonic() >= self._closes_at

    def _has_room(self, size: int) -> bool:
        fits = self.held < self._limits.events and self._bytes + size <= self._limits.bytes
        return fits or self.held == 0

    def _seconds_until_due(self) -> float:
        full = len(self._waiting) >= self._limits.batch_events or self._bytes >= self._limits.batch_bytes
        if full or self.closed or self._settled < self._hurried:
            return 0.0
        return self._waiting[0].since + self._limits.batch_age - time.monotonic()

    def _wait_for(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        return self._changed.wait_for(condition, timeout)
