"""The publisher: reads what may be sent, sends it, records what AWS said; round after round for at most a minute."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import structlog
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from integrations.aws.limits import MAX_ENTRIES
from integrations.events import claims, lanes, retries, session, storage
from integrations.events.claims import Delivery
from integrations.events.delivering import Courier
from integrations.events.lanes import Floors, WorkingLane
from integrations.events.outcomes import UNKNOWN, Finding
from integrations.events.trouble import CAUTIOUS_CLAIM, recording_trouble
from integrations.registration import breakers
from integrations.sources.gate import GATE_CHANNEL

LIFETIME = 45.0  # seconds, and then the last round: together far below the task's time limit
NAP = 1.0  # seconds that a publisher sleeps at most before it looks again

log = structlog.get_logger()

# Set when the worker shuts down: the publisher ends after its round, instead of being killed in the middle of it.
stop_requested = threading.Event()


def publish_for_a_while() -> bool:
    """Publish until the lifetime ends; return whether a successor should be started.

    Returns False at once when every publisher slot is taken, or while this process pauses because it could not record.
    Raises psycopg.Error when the session is lost or recording fails: what was in flight is then recorded by nobody and
    sent again.
    """
    if recording_trouble.is_pausing():
        return False
    with session.open_session() as connection:
        if session.take_slot(connection) is None:
            return False
        storage.make_ahead(connection, timezone.now())
        retries.bring_back_from_the_future(connection)
        with ThreadPoolExecutor(settings.CALLS_AT_ONCE, thread_name_prefix="call") as calls:
            _publish_noting_trouble(connection, calls)
    return not stop_requested.is_set()


def _publish_noting_trouble(connection: psycopg.Connection, calls: ThreadPoolExecutor) -> None:
    try:
        Publisher(connection, calls).run_until(time.monotonic() + LIFETIME)
    except psycopg.Error:
        if not connection.closed:
            recording_trouble.note()
        raise


class Publisher:
    """One publisher on one session. `publish_round` is one claim; `run_until` repeats it and sleeps in between."""

    def __init__(self, connection: psycopg.Connection, calls: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._courier = Courier(connection, calls, stop_requested.is_set)
        self._floors = Floors()
        self._next_size = claims.FIRST_CLAIM
        self._turn = 0

    def run_until(self, deadline: float) -> None:
        """Publish until `deadline` (monotonic seconds), the worker's shutdown or its death."""
        parent = os.getppid()
        while time.monotonic() < deadline and not stop_requested.is_set() and os.getppid() == parent:
            self._floors.forget_if_due()
            if not self.publish_round():
                self._sleep(min(NAP, max(0.0, deadline - time.monotonic())))
        session.say_sleeping(self._connection, False)

    def publish_round(self) -> int:
        """Publish one claim of the lanes with work, and probe breakers that are due; return how many were handled."""
        self._hear_of_openings()
        handled = len(self._publish(self._in_turn(lanes.lanes_with_work(self._connection, self._floors))))
        for environment_id, region in lanes.breakers_to_probe(self._connection):
            handled += self._probe(environment_id, region)
        return handled

    def _hear_of_openings(self, seconds: float = 0.0) -> None:
        """Wait for a notification; an opened gate may have work below the floors."""
        if GATE_CHANNEL in session.heard(self._connection, seconds):
            self._floors.forget()

    def _in_turn(self, found: list[WorkingLane]) -> list[WorkingLane]:
        """Begin each round behind the lanes of the last one, so that more lanes than fit into one are all served."""
        if not found:
            return []
        self._turn = (self._turn + min(lanes.MAX_LANES, self._claim_size())) % len(found)
        return found[self._turn :] + found[: self._turn]

    def _publish(self, candidates: list[WorkingLane], at_most: int | None = None) -> list[Finding]:
        locked = lanes.lock(self._connection, candidates) if candidates else []
        if not locked:
            return []
        try:
            claimed = claims.claim(self._connection, locked, self._floors, at_most or self._claim_size())
            findings = self._courier.deliver(claimed)
            self._raise_floors(claimed, findings)
            self._next_size = claims.next_size(claimed) if claimed else self._next_size
            return findings
        finally:
            if not self._connection.closed:
                lanes.unlock(self._connection, locked)

    def _claim_size(self) -> int:
        return CAUTIOUS_CLAIM if recording_trouble.failures else self._next_size

    def _raise_floors(self, claimed: list[Delivery], findings: list[Finding]) -> None:
        """Raise the floor of each lane whose first tries were all recorded; never past one that was not."""
        recorded = {(f.delivery.lane.source_id, f.delivery.event_id) for f in findings}
        last: dict[int, Delivery | None] = {}
        for delivery in claimed:
            if delivery.from_retry:
                continue
            source_id = delivery.lane.source_id
            if (source_id, delivery.event_id) not in recorded:
                last[source_id] = None
            elif last.get(source_id, delivery) is not None:
                last[source_id] = delivery
        for source_id, delivery_or_none in last.items():
            if delivery_or_none is not None:
                self._floors.raise_to(source_id, delivery_or_none.event_id)

    def _probe(self, environment_id: int, region: str) -> int:
        """Send one call through an open breaker whose time has come; its success closes the breaker."""
        waiting = lanes.lanes_to_probe(self._connection, environment_id, region)[:1]
        if not waiting:
            return 0
        tries = breakers.claim_probe(environment_id=environment_id, region=region, now=timezone.now())
        if tries is None:
            return 0
        self._floors.forget()
        findings = self._publish(waiting, at_most=MAX_ENTRIES)
        answered = any(finding.attempted and finding.code != UNKNOWN for finding in findings)
        if answered and breakers.close_breaker(environment_id=environment_id, region=region, tries=tries):
            log.info("publishing resumed", environment=environment_id, region=region)
        return len(findings)

    def _sleep(self, seconds: float) -> None:
        session.say_sleeping(self._connection, True)
        # Once more, because ingest may have committed before it could see that we sleep.
        if not lanes.lanes_with_work(self._connection, self._floors):
            close_old_connections()
            self._hear_of_openings(seconds)
        session.say_sleeping(self._connection, False)
