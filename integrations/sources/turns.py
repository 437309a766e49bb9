"""Turns: whose source goes next to AWS. Each place spends its budget, and integrations take turns in it."""

import random
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from integrations.sources import budget
from integrations.sources.budget import Place
from integrations.sources.claims import claim_next, due
from integrations.sources.models import Desired, Source
from integrations.stopping import stop_requested

T = TypeVar("T")

LOOK_AGAIN = timedelta(seconds=1)
LONGEST_WAIT = 0.5  # seconds: what falls due meanwhile may be somewhere else


class Turns:
    """Claims due sources one after the other, for one sweep."""

    def __init__(self, clock: Callable[[], datetime], sleep: Callable[[float], None] = time.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._waiting: deque[tuple[Place, deque[int]]] = deque()
        self._looked_at: datetime | None = None

    def next(self, until: datetime) -> Source | None:
        """Claim the next due source, waiting for the budget; None when nothing is due or `until` has come."""
        while (now := self._clock()) < until and not stop_requested.is_set():
            self._look(now)
            if not self._waiting:
                return None
            if source := self._claim_anywhere(now):
                return source
            self._wait(until)
        return None

    def _look(self, now: datetime) -> None:
        """Find out where something is due. The order of turns stays, so that looking again favours nobody."""
        if self._waiting and self._looked_at and self._looked_at <= now < self._looked_at + LOOK_AGAIN:
            return
        self._looked_at = now
        found: dict[Place, set[int]] = {}
        columns = ("environment__publisher_account", "region", "environment__integration_id")
        for account, region, integration in due(now).order_by().values_list(*columns).distinct():
            found.setdefault(Place(account, region), set()).add(integration)
        known = dict(self._waiting)
        order = [place for place, _ in self._waiting if place in found]
        order += _shuffled(sorted(found.keys() - known.keys()))
        self._waiting = deque((place, _in_order(known.get(place, deque()), found[place])) for place in order)

    def _claim_anywhere(self, now: datetime) -> Source | None:
        for _ in range(len(self._waiting)):
            place, integrations = self._waiting[0]
            self._waiting.rotate(-1)
            if budget.take(place, now):
                if source := _claim_in_turn(place, integrations, now):
                    budget.spend(place, calls_of(source) - 1)
                    return source
                budget.spend(place, -1)
        self._waiting = deque((place, integrations) for place, integrations in self._waiting if integrations)
        return None

    def _wait(self, until: datetime) -> None:
        if self._waiting:
            now = self._clock()
            pause = min(budget.seconds_until_free(place, now) for place, _ in self._waiting)
            self._sleep(max(min(pause, LONGEST_WAIT, (until - now).total_seconds()), 0.0))


def calls_of(source: Source) -> int:
    """Return how many calls a step with this source costs: a deletion is followed by a question."""
    return 2 if source.desired == Desired.ABSENT else 1


def _in_order(known: deque[int], due_now: set[int]) -> deque[int]:
    stay = [integration for integration in known if integration in due_now]
    return deque(stay + _shuffled(sorted(due_now.difference(stay))))


def _shuffled(several: list[T]) -> list[T]:
    """Return them in any order, so that not every sweep begins with the same one."""
    return random.sample(several, len(several))


def _claim_in_turn(place: Place, integrations: deque[int], now: datetime) -> Source | None:
    """Claim a source of the integration whose turn it is; one that has none left leaves the circle."""
    while integrations:
        source = claim_next(now, place=place, integration=integrations[0])
        if source is not None:
            integrations.rotate(-1)
            return source
        integrations.popleft()
    return None
