"""The last calls of AWS's protocols: who, what, how it ended, how long it took. Never parameters, headers or bodies."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter

from msgspec import Struct

KEPT = 1_000
OK, LOST = "ok", "answer lost"


class LoggedRequest(Struct, frozen=True):
    """`outcome` is `ok`, AWS's error code, `answer lost`, or how many entries of a call failed."""

    at: datetime
    account: str
    region: str
    service: str
    operation: str
    outcome: str
    duration_ms: float


class Progress(Struct):
    """What is known about a call while it runs; filled in as far as it gets."""

    at: datetime
    account: str = ""
    region: str = ""
    service: str = ""
    operation: str = ""
    outcome: str = OK


class RequestLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()  # calls end outside of the simulator's lock
        self._requests: deque[LoggedRequest] = deque(maxlen=KEPT)

    @contextmanager
    def following(self, at: datetime) -> Iterator[Progress]:
        """Note the call when the block ends, however it ends."""
        progress, began = Progress(at), perf_counter()
        try:
            yield progress
        finally:
            duration = round((perf_counter() - began) * 1000, 2)
            with self._lock:
                self._requests.append(
                    LoggedRequest(
                        at=progress.at,
                        account=progress.account,
                        region=progress.region,
                        service=progress.service[:64],
                        operation=progress.operation[:128],
                        outcome=progress.outcome,
                        duration_ms=duration,
                    )
                )

    def latest(self, most: int = KEPT, account: str | None = None) -> list[LoggedRequest]:
        """Newest first; of one account, or of everybody."""
        with self._lock:
            requests = list(self._requests)
        return [request for request in reversed(requests) if account in (None, request.account)][:most]

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()
