"""Waiting until everything arrived, or nothing more does; and asking Partnerbus about what is missing."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.smoke.backend import Backend, Source
from tests.smoke.books import Books
from tests.smoke.receiving import Collector
from tests.smoke.reporting import story_line

THREADS = 8
LOOK_SECONDS = 0.2
# Longer than the minute for which a killed worker's claim on a source lasts.
STALL_SECONDS = 120.0
EXPLAINED = 10


def wait_for_arrivals(books: Books, collector: Collector) -> bool:
    """Return True once all that was stored has arrived, False after two minutes without an arrival."""
    received, moved_at = -1, time.monotonic()
    while True:
        collector.check()
        books.claim_late()
        totals = books.totals()
        if books.all_promises_kept():
            return True
        if totals.received > received:
            received, moved_at = totals.received, time.monotonic()
        elif time.monotonic() - moved_at > STALL_SECONDS:
            books.note(f"nothing more arrived for {STALL_SECONDS:.0f} seconds")
            return False
        time.sleep(LOOK_SECONDS)


def wait_for_first_arrival(books: Books) -> None:
    """Return when deliveries flow, or after two minutes."""
    give_up_at = time.monotonic() + STALL_SECONDS
    while not books.totals().received and time.monotonic() < give_up_at:
        time.sleep(LOOK_SECONDS)


def wait_until_idle(books: Books, backend: Backend, sources: Sequence[Source]) -> None:
    """Wait until Partnerbus has nothing left to send, so that no duplicate comes after the count."""
    give_up_at = time.monotonic() + STALL_SECONDS
    with ThreadPoolExecutor(THREADS) as pool:
        while queued := sum(pool.map(lambda source: backend.standing(source).queued, sources)):
            if time.monotonic() > give_up_at:
                books.note(f"Partnerbus still wants to send {queued} deliveries, though all have arrived")
                return
            time.sleep(LOOK_SECONDS)


def explain_missing(books: Books, backend: Backend) -> None:
    """Note what Partnerbus itself says of some of the deliveries that did not arrive."""
    for event, source in books.missing()[:EXPLAINED]:
        event_id = books.event_id_of(event)
        said = story_line(backend.event(event_id), source.id) if event_id else "it was not stored"
        books.note(f"{event.id} did not arrive at {source.tenant!r} in {source.region}: {said}")
