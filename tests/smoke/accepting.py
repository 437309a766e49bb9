"""The tenants accept their sources, each as soon as AWS offers it."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.smoke import BrokenOff
from tests.smoke.backend import Backend
from tests.smoke.receiving import Receiver

THREADS = 8
PAUSE_SECONDS = 0.2
STALL_SECONDS = 120.0


def accept_all(backend: Backend, receivers: Sequence[Receiver]) -> None:
    """Accept every source. Raises BrokenOff when one is not offered for minutes."""
    waiting, moved_at = list(receivers), time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        while waiting:
            accepted = list(pool.map(lambda receiver: _accept_if_offered(backend, receiver), waiting))
            waiting = [receiver for receiver, done in zip(waiting, accepted, strict=True) if not done]
            if any(accepted):
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > STALL_SECONDS:
                source = waiting[0].source
                standing = backend.standing(source)
                raise BrokenOff(f"{len(waiting)} sources stay unoffered; {source.name} in {source.region}: {standing}")
            time.sleep(PAUSE_SECONDS)


def _accept_if_offered(backend: Backend, receiver: Receiver) -> bool:
    offered = backend.standing(receiver.source).state == "pending"
    if offered:
        receiver.accept()
    return offered
