"""Events are taken at once and sent in batches by a thread, within bounds of number, bytes and time."""

import atexit
import logging
import threading
from collections.abc import Callable, Sequence
from types import TracebackType

from partnerbus_client.backlog import Backlog, Limits
from partnerbus_client.client import Client
from partnerbus_client.errors import PartnerbusError
from partnerbus_client.events import Event
from partnerbus_client.forking import in_every_child
from partnerbus_client.receipts import EventRejected, Result
from partnerbus_client.retries import ONCE, Retries

OnError = Callable[[Sequence[Event], Exception], None]

log = logging.getLogger("partnerbus_client")


class BatcherFull(PartnerbusError):
    """The events come faster than they can be sent; this one was not taken."""


class BatcherClosed(PartnerbusError):
    """The batcher is closed: an event was not taken, or one that it held could not be sent in time."""


class Batcher:
    """Sends in the background what `add` takes. An event that cannot be sent is handed to `on_error`, never dropped.

    A batch leaves when it has `max_events` or `max_bytes`, or when its oldest event has waited `max_age` seconds.
    While Partnerbus is not to be had, batches wait and are tried again with the pauses of `retries`, and at `capacity`
    events or `capacity_bytes` `add` blocks. The sending thread calls `on_error(events, error)` with what is rejected
    (EventRejected), refused (ApiError), or left over at `close`.
    """

    _backlog: Backlog
    _starting: threading.Lock
    _thread: threading.Thread | None

    def __init__(
        self,
        client: Client,
        *,
        on_error: OnError,
        max_events: int = 500,
        max_bytes: int = 1_000_000,
        max_age: float = 0.5,
        capacity: int = 10_000,
        capacity_bytes: int = 64_000_000,
        retries: Retries | None = None,
    ) -> None:
        self._client = client
        self._on_error = on_error
        self._retries = retries or Retries()
        self._limits = Limits(max_events, max_bytes, max_age, capacity, capacity_bytes)
        self._start_over()
        in_every_child(self._start_over)
        atexit.register(self.close)

    def add(self, event: Event, *, timeout: float | None = 10.0) -> None:
        """Take an event. While there is no room, wait up to `timeout` seconds, None for ever.

        Raises BatcherFull or BatcherClosed; the event is yours again then.
        """
        self._run_thread()
        # The thread that makes room would wait for itself.
        taken = self._backlog.put(event, 0.0 if self._is_own_thread() else timeout)
        if not taken and self._backlog.closed:
            raise BatcherClosed("The batcher is closed and takes no more events.")
        if not taken:
            raise BatcherFull(f"{self.waiting} events wait to be sent. Slow down, or keep the event elsewhere.")

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything added so far is sent or handed back; False if that took longer than `timeout`."""
        return self._backlog.flush(0.0 if self._is_own_thread() else timeout)

    def close(self, timeout: float = 10.0) -> None:
        """Send what is left for up to `timeout` seconds and one request, then hand the rest to `on_error`.

        Happens at the end of the process too. A second call waits for the first.
        """
        atexit.unregister(self.close)
        self._backlog.close(timeout)
        if self._thread and not self._is_own_thread():
            self._thread.join()

    @property
    def waiting(self) -> int:
        """How many events are held now, those under way included."""
        return self._backlog.held

    def __enter__(self) -> "Batcher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while batch := self._backlog.next_batch():
            try:
                self._deliver([held.event for held in batch])
            finally:
                self._backlog.settle(batch)

    def _deliver(self, events: Sequence[Event]) -> None:
        failures = 0
        error: Exception = BatcherClosed("The batcher was closed before there was time to send this.")
        while events and not self._backlog.out_of_time:
            try:
                self._report(self._client.send_many(events, retries=ONCE).results)
                return
            except PartnerbusError as problem:
                self._report(problem.results)
                events, error = problem.unconfirmed, problem
                if not problem.temporary:
                    break
                failures = 1 if problem.results else failures + 1
                log.warning("%d events wait, Partnerbus did not take them: %s", self.waiting, problem)
                self._backlog.pause(self._retries.pause(failures, problem.retry_after))
            except Exception as defect:  # must not end the thread, and with it all that waits
                error = defect
                break
        self._hand_back(events, error)

    def _report(self, results: Sequence[Result]) -> None:
        for result in results:
            if not result.ok:
                self._hand_back([result.event], EventRejected(result))

    def _hand_back(self, events: Sequence[Event], error: Exception) -> None:
        try:
            self._on_error(events, error)
        except Exception:
            log.exception("on_error failed, and with it these events: %s", [event.id for event in events])

    def _is_own_thread(self) -> bool:
        return threading.current_thread() is self._thread

    def _run_thread(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="partnerbus-batcher", daemon=True)
                self._thread.start()

    def _start_over(self) -> None:
        # Threads do not survive a fork, and what the parent holds the parent sends.
        self._backlog = Backlog(self._limits)
        self._starting = threading.Lock()
        self._thread = None
