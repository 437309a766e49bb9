"""One worker for all that takes long: surveys, decisions about drift, adoptions, bulk renewals. They take turns.

Together they spend half of a place's budget of calls at most: the other half is the sweep's, behind which people wait.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings

from integrations.locks import RECONCILE_LOCK
from integrations.reconciliation import adopting, bulk_renewal, drift_actions, surveying
from integrations.reconciliation.models import Adoption, BulkRenewal, Drift, Survey
from integrations.sources import budget
from integrations.sources.budget import Place
from integrations.stopping import stop_requested

LIFE = timedelta(seconds=20)
SHARE = 2  # of the budget: one half
SHORT = timedelta(seconds=2)  # what falls due within is waited for
NAP = 0.1
JOBS = (Survey, Drift, Adoption, BulkRenewal)

log = logging.getLogger(__name__)


def is_any_due(now: datetime) -> bool:
    """Return whether there is anything to do."""
    return any(model.objects.filter(due_at__lte=now).exists() for model in JOBS)


@contextmanager
def only_worker() -> Iterator[bool]:
    """Yield whether this is the only one until the end of the block. A killed worker's session frees the lock."""
    with psycopg.connect(settings.DATABASE_URL_DIRECT, autocommit=True, connect_timeout=5) as session:
        yield session.execute("select pg_try_advisory_lock(%s, 0)", [RECONCILE_LOCK]).fetchone() == (True,)


def work(*, clock: Callable[[], datetime], life: timedelta = LIFE, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Take what is due further until nothing is, or `life` is over; return whether more is due."""
    ends_at = clock() + life
    calls = _Calls(clock, sleep)
    steps: tuple[Callable[[], bool], ...] = (
        lambda: _step(surveying.claim_survey, surveying.place_of, surveying.advance_survey, calls, clock),
        lambda: _step(drift_actions.claim_drift, drift_actions.place_of, drift_actions.carry_out, calls, clock),
        lambda: _step(adopting.claim_adoption, adopting.place_of, adopting.advance_adoption, calls, clock),
        lambda: _step(bulk_renewal.claim_bulk_renewal, None, bulk_renewal.advance_bulk_renewal, calls, clock),
    )
    while clock() < ends_at and not stop_requested.is_set():
        taken = [step() for step in steps]  # each kind has its turn
        if not any(taken):
            if not is_any_due(clock() + SHORT):
                return False
            sleep(NAP)
    return is_any_due(clock())


def _step(
    claim: Callable[[datetime], Any],
    place_of: Callable[[Any], Place] | None,
    advance: Callable[[Any, Callable[[], datetime]], None],
    calls: "_Calls",
    clock: Callable[[], datetime],
) -> bool:
    job = claim(clock())
    if job is None:
        return False
    try:
        if place_of is not None:
            calls.pay(place_of(job))
        advance(job, clock)
    except Exception:  # its claim brings it back in a minute, and the others go on
        log.exception("a job of reconciliation failed", extra={"job": str(job)})
    return True


class _Calls:
    """Pays for calls, not faster than the share; what the bucket does not have, the sweep waits for."""

    def __init__(self, clock: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._next: dict[Place, datetime] = {}

    def pay(self, place: Place) -> None:
        rate = settings.CONTROL_CALLS_PER_SECOND
        if not rate:
            return
        now = self._clock()
        pause = (self._next.get(place, now) - now).total_seconds()
        if pause > 0:
            self._sleep(pause)
            now = self._clock()
        self._next[place] = now + timedelta(seconds=SHARE / rate)
        if not budget.take(place, now):
            budget.spend(place, 1)
