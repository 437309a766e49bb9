"""Random lives of sources against the simulator: tenant, provider, strangers, clock and faults act in any order.

After each step: every stored event is somewhere, what AWS took and dropped lies in a window that our history names,
what we know of AWS is what AWS says once it was asked, no other account receives anything, the history has no gap. At
the end all is accepted, and everything arrives that no dead letter and no drop accounts for.
`RANDOM_LIVES_SEED=n` repeats a run, `RANDOM_LIVES_STEPS=n` makes the long one shorter; a failure names seed and steps.
"""

import os
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.aws.exchange import Exchanges
from integrations.events import dropping, kept, replaying, reserves, session
from integrations.events import publisher as publishing
from integrations.events.delivery_filter import DOUBTFUL, DeliveryFilter
from integrations.events.models import Replay
from integrations.events.publisher import Publisher
from integrations.events.replays import request_replay
from integrations.problems import Problem
from integrations.registration.models import Breaker, Environment
from integrations.sources import suspicion
from integrations.sources.gate_policy import set_gate_policy
from integrations.sources.models import Desired, Source
from integrations.sources.pausing import resume_source
from integrations.sources.renewal import is_over, reprovision
from integrations.sources.sweep import sweep
from tenants.models import Tenant
from tests.events.conftest import committed, rows, store_events
from tests.reconciliation.players import Players
from tests.reconciliation.truths import Truths, sources
from tests.sandbox.started import World
from tests.sources.conftest import BACKEND

__all__ = ["committed", "store_events"]
REMEMBERED = 30  # of the steps before a failure


class Life:
    """One step after the other: somebody acts, the machine works, and everything is looked at."""

    def __init__(self, players: Players, publisher: Publisher) -> None:
        self.players, self.publisher = players, publisher
        self.truths = Truths(players)
        self.steps: list[str] = []

    def step(self) -> None:
        done = self.players.act()
        self.steps.append(done)
        if done == "elsewhere":
            self.ask()  # whose it is by now nobody can know before AWS was asked
        with self.players.a_bad_day_for_publishing() as faults:
            self.steps.append(faults)
            self.publish()
        with self.players.a_bad_day_for_asking() as faults:
            self.steps.append(faults)
            self.ask(rounds=1)
        self.ask()
        self.settle()
        self.truths.look()
        self.truths.check()

    def publish(self) -> None:
        Breaker.objects.all().delete()
        rows("update retry set due_at = now() - interval '1 second' returning 1")
        self.publisher.publish_round()

    def ask(self, rounds: int = 6) -> None:
        """Ask AWS about everything, as often as it takes for the sources to come to rest."""
        before = None
        for _ in range(rounds):
            if before == (before := states()):
                return
            Breaker.objects.all().delete()
            past = timezone.now() - timedelta(minutes=5)
            Source.objects.filter(due_at__isnull=False).update(due_at=timezone.now(), tries=0)
            Source.objects.filter(provisioned_at__gt=past).update(provisioned_at=past)  # the list does not lag here
            sweep(clock=timezone.now)

    def settle(self) -> None:
        """Do what gates owe, as the beat does."""
        kept.replay_kept(timezone.now())
        dropping.drop_for_a_while(timezone.now())
        reserves.hand_over(timezone.now())
        Replay.objects.filter(ended_at=None).update(due_at=timezone.now())
        replaying.replay_for_a_while(timezone.now)

    def end(self) -> None:
        """Put everything right, as support and the tenant would, and send what may have been dropped once more."""
        self.players.given_back()
        set_gate_policy(environment=self.players.environment, policy="hold", actor=BACKEND, now=timezone.now())
        for source in sources().exclude(desired=Desired.ABSENT):
            resume_source(source=source, actor=BACKEND, now=timezone.now())
            if is_over(source):
                reprovision(source=source, actor=BACKEND, now=timezone.now())
        self.ask()
        for source in sources().exclude(desired=Desired.ABSENT):
            if source.observed != "active":
                self.players.accept_by_name(source.name)
        self.ask()
        self.settle()
        doubtful = DeliveryFilter(environment=self.players.environment, tenant=self.players.tenant, states=[DOUBTFUL])
        request_replay(wanted=doubtful, actor=BACKEND, now=timezone.now())
        while self.is_anything_left():
            self.settle()
            self.publish()
            self.truths.look()
        self.truths.check()
        self.truths.everything_has_arrived()

    def is_anything_left(self) -> bool:
        queued = "select 1 from {} q join sources_lane l using (source_id) where l.publishable limit 1"
        left = [rows(queued.format(table)) for table in ("pending", "retry")]
        return any(left) or Replay.objects.filter(ended_at=None).exists()


def states() -> list[tuple[Any, ...]]:
    """Return what changes while sources are on their way."""
    return [(s.pk, s.intent, s.desired, s.observed, s.provisioned_at is None, s.due_at is None) for s in sources()]


@pytest.fixture
def live(
    committed: None,
    aws: World,
    environment: Environment,
    tenant: Tenant,
    store_events: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[int], None]:
    """Live for so many steps; where something untrue is found, say after what."""
    monkeypatch.setattr(publishing, "SECOND", 0.0)
    monkeypatch.setattr(suspicion, "QUIET_AFTER_ANSWER", timedelta(0))
    seed = int(os.environ.get("RANDOM_LIVES_SEED") or random.randrange(2**32))

    def run(steps: int) -> None:
        with session.open_session() as own, Exchanges() as exchanges:
            life = Life(Players(seed, tenant, environment, aws, store_events), Publisher(own, exchanges))
            try:
                for _ in range(steps):
                    life.step()
                life.end()
            except (AssertionError, Problem) as untrue:
                told = "; ".join(life.steps[-REMEMBERED:])
                raise AssertionError(f"seed {seed}, step {len(life.steps) // 3}, after {told}: {untrue}") from untrue

    return run


def test_whatever_happens_nothing_is_lost_in_silence(live: Callable[[int], None]) -> None:
    live(15)


@pytest.mark.slow
def test_whatever_happens_for_thousands_of_steps_nothing_is_lost_in_silence(live: Callable[[int], None]) -> None:
    live(int(os.environ.get("RANDOM_LIVES_STEPS") or 2_000))
