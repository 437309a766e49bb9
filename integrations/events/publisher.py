"""The publisher: reads what may be sent, sends it, records what AWS said; round after round for at most a minute."""

import os
import time

import psycopg
import structlog
from django.db import close_old_connections
from django.utils import timezone

from integrations.aws.exchange import Exchanges
from integrations.aws.limits import MAX_ENTRIES
from integrations.events import claims, future_dues, lanes, session, storage
from integrations.events.claims import Claim
from integrations.events.delivering import Courier
from integrations.events.lanes import Floors, WorkingLane
from integrations.events.outcomes import UNKNOWN, Finding
from integrations.events.trouble import CAUTIOUS_CLAIM, recording_trouble
from integrations.registration import breakers
from integrations.sources.gate import GATE_CHANNEL
from integrations.stopping import stop_requested

LIFETIME = 45.0  # seconds, and then the last round: together far below the task's time limit
NAP = 1.0  # seconds that a publisher sleeps at most before it looks again
QUOTA_NAP = 0.05  # seconds, while AWS's quota is the limit, so that a round is worth its claim
SECOND = 1.0  # between two looks at what rarely changes
# A publisher that is faster than ingest would make hundreds of tiny commits a second.
LINGER_ABOVE = 100.0  # deliveries a second
LINGER = 0.005  # seconds
BESIDE_A_BACKLOG = 500  # deliveries a round of a publisher that is alone with a backlog and with others

log = structlog.get_logger()


def publish_for_a_while() -> bool:
    """Publish until the lifetime ends; return whether a successor should be started.

    Returns False at once when every publisher slot is taken, or while this process pauses because it could not record.
    Raises psycopg.Error when the session is lost or recording fails: what was in flight is then recorded by nobody and
    sent again.
    """
    if recording_trouble.is_pausing():
        return False
    with session.open_session() as connection:
        slot = session.take_slot(connection)
        if slot is None:
            return False
        storage.make_ahead(connection, timezone.now())
        future_dues.bring_back_from_the_future(connection)
        with Exchanges() as exchanges:
            _publish_noting_trouble(Publisher(connection, exchanges, slot))
    return not stop_requested.is_set()


def _publish_noting_trouble(publisher: "Publisher") -> None:
    try:
        publisher.run_until(time.monotonic() + LIFETIME)
    except psycopg.Error:
        if not publisher.has_lost_its_session:
            recording_trouble.note()
        raise


class Publisher:
    """One publisher on one session. `publish_round` is one claim; `run_until` repeats it and sleeps in between.

    The publisher of the first slot serves the lanes whose work fits into a round; the others serve the heavy ones, so
    that nobody waits behind somebody's backlog. Where one kind is missing, the other serves all.
    """

    def __init__(self, connection: psycopg.Connection, exchanges: Exchanges, slot: int = 0) -> None:
        self._connection = connection
        self._courier = Courier(connection, exchanges, stop_requested.is_set)
        self._slot = slot
        self._is_alone = True
        self._looked_at = 0.0
        self._floors = Floors()
        self._next_size = claims.FIRST_CLAIM
        self._turn = 0
        self._says_sleeping: bool | None = None
        self._is_asleep = False
        self._rate = 0.0

    @property
    def has_lost_its_session(self) -> bool:
        return self._connection.closed

    def run_until(self, deadline: float) -> None:
        """Publish until `deadline` (monotonic seconds), the worker's shutdown or its death."""
        parent = os.getppid()
        while time.monotonic() < deadline and not stop_requested.is_set() and os.getppid() == parent:
            self._floors.forget_if_due()
            started = time.monotonic()
            handled = self.publish_round()
            if self._courier.wait_seconds:
                time.sleep(QUOTA_NAP)
            elif handled:
                self._linger(handled, started)
            else:
                self._sleep(min(NAP, max(0.0, deadline - time.monotonic())))
        self._say_sleeping(False)

    def publish_round(self) -> int:
        """Publish one claim of the lanes with work, and probe breakers that are due; return how many were handled."""
        self._hear_of_openings()
        self._courier.wait_seconds = 0.0
        candidates = self._mine(lanes.lanes_with_work(self._connection, self._floors))
        handled = len(self._publish(self._in_turn(candidates), self._claim_size(candidates)))
        if time.monotonic() - self._looked_at >= SECOND:
            self._looked_at = time.monotonic()
            self._is_alone = session.is_alone(self._connection, self._slot)
            for environment_id, region in lanes.breakers_to_probe(self._connection):
                handled += self._probe(environment_id, region)
        return handled

    def _mine(self, found: list[WorkingLane]) -> list[WorkingLane]:
        """Return the lanes that are this publisher's to serve."""
        if self._is_alone:
            return found
        return [lane for lane in found if lane.heavy == (self._slot > 0)]

    def _hear_of_openings(self, seconds: float = 0.0) -> bool:
        """Wait for a notification and return whether one came; an opened gate may have work below the floors."""
        heard = session.heard(self._connection, seconds)
        if GATE_CHANNEL in heard:
            self._floors.forget()
        return bool(heard)

    def _in_turn(self, found: list[WorkingLane]) -> list[WorkingLane]:
        """Begin each round behind the lanes of the last one, so that more lanes than fit into one are all served."""
        if not found:
            return []
        self._turn = (self._turn + min(lanes.MAX_LANES, self._claim_size(found))) % len(found)
        return found[self._turn :] + found[: self._turn]

    def _publish(self, candidates: list[WorkingLane], size: int, *, paced: bool = True) -> list[Finding]:
        locked = lanes.lock(self._connection, candidates) if candidates else []
        if not locked:
            return []
        try:
            claim = claims.claim(self._connection, locked, self._floors, size)
            findings = self._courier.deliver(claim.deliveries, paced=paced)
            self._raise_floors(claim, findings)
            self._next_size = claims.next_size(claim.deliveries) if claim.deliveries else self._next_size
            self._weigh(locked, claim)
            return findings
        finally:
            if not self._connection.closed:
                lanes.unlock(self._connection, locked)

    def _weigh(self, locked: list[WorkingLane], claim: Claim) -> None:
        """Note which lanes had more than fitted, when the round was full, and which do not any more."""
        full = len(claim.deliveries) >= claims.FIRST_CLAIM
        heavy = {lane.source_id for lane in locked if not lane.heavy and full and lane.source_id in claim.filled}
        light = {lane.source_id for lane in locked if lane.heavy and lane.source_id not in claim.filled}
        if heavy or light:
            lanes.mark_heavy(self._connection, heavy, light)

    def _claim_size(self, candidates: list[WorkingLane]) -> int:
        if recording_trouble.failures:
            return CAUTIOUS_CLAIM
        kinds = {lane.heavy for lane in candidates}
        return min(self._next_size, BESIDE_A_BACKLOG) if len(kinds) == 2 else self._next_size

    def _raise_floors(self, claim: Claim, findings: list[Finding]) -> None:
        """Raise the floor of each lane whose first tries were all recorded; never past one that was not."""
        recorded = {(f.delivery.lane.source_id, f.delivery.event_id) for f in findings}
        last: dict[int, bytes | None] = {}
        for delivery in claim.deliveries:
            if delivery.from_retry:
                continue
            source_id = delivery.lane.source_id
            if (source_id, delivery.event_id) not in recorded:
                last[source_id] = None
            elif last.get(source_id, delivery.event_id) is not None:
                last[source_id] = delivery.event_id
        for source_id, event_id in last.items():
            if event_id is not None:
                self._floors.raise_to(source_id, event_id)

    def _probe(self, environment_id: int, region: str) -> int:
        """Send one call through an open breaker whose time has come; its success closes the breaker."""
        waiting = lanes.lanes_to_probe(self._connection, environment_id, region)[:1]
        if not waiting:
            return 0
        tries = breakers.claim_probe(environment_id=environment_id, region=region, now=timezone.now())
        if tries is None:
            return 0
        self._floors.forget()
        findings = self._publish(waiting, MAX_ENTRIES, paced=False)
        answered = any(finding.attempted and finding.code != UNKNOWN for finding in findings)
        if answered and breakers.close_breaker(environment_id=environment_id, region=region, tries=tries):
            log.info("publishing resumed", environment=environment_id, region=region)
        return len(findings)

    def _linger(self, handled: int, started: float) -> None:
        """Let work gather while much of it comes in small rounds."""
        self._is_asleep = False
        self._say_sleeping(False)
        elapsed = max(time.monotonic() - started, 0.001)
        self._rate += (handled / elapsed - self._rate) / 4
        if handled < claims.FIRST_CLAIM and self._rate > LINGER_ABOVE:
            time.sleep(LINGER)

    def _sleep(self, seconds: float) -> None:
        self._rate = 0.0
        falls_asleep, self._is_asleep = not self._is_asleep, True
        self._say_sleeping(True)
        # Once more, because ingest may have committed before it could see that we sleep.
        if not self._mine(lanes.lanes_with_work(self._connection, self._floors)):
            close_old_connections()
            heard = self._hear_of_openings(min(seconds, 2 * session.AWAKE_SECONDS) if falls_asleep else seconds)
            if not heard and not falls_asleep:
                self._courier.rest()

    def _say_sleeping(self, sleeping: bool) -> None:
        """Tell ingest whether to notify. Publishers of heavy lanes are woken by the others, and keep out of it."""
        if self._says_sleeping != sleeping and (self._slot == 0 or self._is_alone):
            session.say_sleeping(self._connection, sleeping)
            self._says_sleeping = sleeping
