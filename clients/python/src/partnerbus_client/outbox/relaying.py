"""Sending what the outbox holds. Any number of relays may run; each event is marked by what Partnerbus said of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F
from django.utils import timezone

from partnerbus_client.client import Client
from partnerbus_client.errors import ApiError, PartnerbusError
from partnerbus_client.events import Event
from partnerbus_client.outbox.claims import claim_events, release_events
from partnerbus_client.outbox.models import OutboxEvent
from partnerbus_client.receipts import Result
from partnerbus_client.retries import ONCE, Retries

DELETED_AT_ONCE = 1_000
# A single event that the server cannot answer for is put off, longer each time, so that the others pass.
SINGLES = Retries(first_pause=5.0, longest_pause=3_600.0)
FAILED_REQUESTS = 3  # in one round; then it is the server and not the events


@dataclass
class Round:
    """What one round did with the `taken` events. `put_off` are those at which the server fails, one by one.

    `error` is set when the round ended early: the rest waits, and so should the relay.
    """

    taken: int = 0
    sent: int = 0
    dead: int = 0
    put_off: int = 0
    error: PartnerbusError | None = None
    failures: list[PartnerbusError] = field(default_factory=list)

    @property
    def idle(self) -> bool:
        """Whether nothing was due."""
        return self.taken == 0


class Relay:
    """Sends waiting events in the order of their ids, up to `batch` a round.

    `lease` has to be longer than a round takes; when it is not, events are sent twice, which their ids make harmless.
    """

    def __init__(
        self,
        client: Client,
        *,
        batch: int = 500,
        lease: timedelta = timedelta(minutes=2),
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        self._client = client
        self._batch = batch
        self._lease = lease
        self._using = using

    def run_once(self) -> Round:
        """Send one batch. Errors of Partnerbus are in the round, those of the database are raised."""
        rows = claim_events(most=self._batch, lease=self._lease, now=timezone.now(), using=self._using)
        parcels = [[row for row in rows if not row.alone], *([row] for row in rows if row.alone)]
        done = Round(taken=len(rows))
        while parcels and not done.error:
            self._send(parcels.pop(0), done)
        release_events([row for parcel in parcels for row in parcel], using=self._using)
        return done

    def drain(self) -> Round:
        """Send until nothing is due or a round ended early; return the sum."""
        total = Round()
        while not total.error:
            done = self.run_once()
            if done.idle:
                break
            total.taken += done.taken
            total.sent += done.sent
            total.dead += done.dead
            total.put_off += done.put_off
            total.error = done.error
        return total

    def prune(self, *, keep: timedelta) -> int:
        """Delete what was sent longer ago than `keep`; return how many. Dead events stay."""
        old = OutboxEvent.objects.using(self._using).filter(sent_at__lte=timezone.now() - keep)
        deleted = 0
        while keys := list(old.values_list("pk", flat=True)[:DELETED_AT_ONCE]):
            deleted += old.filter(pk__in=keys).delete()[0]
        return deleted

    def _send(self, parcel: Sequence[OutboxEvent], done: Round) -> None:
        readable = {row: event for row in parcel if (event := self._event_of(row, done))}
        rows = list(readable)
        try:
            results = self._client.send_many(readable.values(), retries=ONCE).results
        except PartnerbusError as error:
            self._record(rows[: len(error.results)], error.results, done)
            self._fail(rows[len(error.results) :], error, done)
        else:
            self._record(rows, results, done)

    def _record(self, rows: Sequence[OutboxEvent], results: Sequence[Result], done: Round) -> None:
        taken = [row.pk for row, result in zip(rows, results, strict=True) if result.ok]
        for row, result in zip(rows, results, strict=True):
            if not result.ok:
                self._bury(row, result.code or "", result.message or "", done)
        # Whoever held the claim: that Partnerbus has it stays true.
        OutboxEvent.objects.using(self._using).filter(pk__in=taken).update(
            sent_at=timezone.now(),
            dead_at=None,
            claim=None,
            not_before=None,
            attempts=F("attempts") + 1,
            code="",
            message="",
        )
        done.sent += len(taken)

    def _event_of(self, row: OutboxEvent, done: Round) -> Event | None:
        try:
            return row.to_event()
        except (ValueError, TypeError) as error:
            self._bury(row, "row_invalid", str(error), done)
            return None

    def _bury(self, row: OutboxEvent, code: str, message: str, done: Round) -> None:
        # Only a waiting one: another relay, whose lease began later, may have sent it.
        OutboxEvent.objects.using(self._using).waiting().filter(pk=row.pk).update(
            dead_at=timezone.now(), claim=None, attempts=F("attempts") + 1, code=code[:100], message=message
        )
        done.dead += 1

    def _fail(self, rows: Sequence[OutboxEvent], error: PartnerbusError, done: Round) -> None:
        """Let the rows wait. If the server failed at these events rather than altogether, they go on one by one."""
        done.failures.append(error)
        suspect = isinstance(error, ApiError) and error.status == 500
        if not suspect or len(done.failures) >= FAILED_REQUESTS:
            done.error = error
        lonely = suspect and len(rows) == 1
        pause = SINGLES.longest(rows[0].attempts + 1) if lonely else 0.0
        mine = OutboxEvent.objects.using(self._using).filter(pk__in=[row.pk for row in rows], claim=rows[0].claim)
        mine.update(
            claim=None,
            not_before=timezone.now() + timedelta(seconds=pause) if lonely else None,
            alone=suspect or F("alone"),
            attempts=F("attempts") + 1,
            code=error.code[:100] if isinstance(error, ApiError) else "no_answer",
            message=str(error),
        )
        done.put_off += lonely
