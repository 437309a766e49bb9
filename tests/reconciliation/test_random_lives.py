"""Random lives of sources against the simulator: tenant, provider, clock and faults act in any order.

After each step: every stored event is somewhere, what AWS took and dropped lies in a window that our history names,
what we know of AWS is what AWS says once it was asked, no source of another account is ours, the history has no gap.
`RANDOM_LIVES_SEED=n` repeats a run; a failure names its seed and steps.
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.utils import timezone

from integrations.aws.exchange import Exchanges
from integrations.events import publisher as publishing
from integrations.events import session
from integrations.events.publisher import Publisher
from integrations.problems import Problem
from integrations.registration.models import Breaker, Environment
from integrations.sources.creation import create_source
from integrations.sources.deletion import delete_source
from integrations.sources.models import Source, SourceChange
from integrations.sources.pausing import pause_source, resume_source
from integrations.sources.renewal import reprovision
from integrations.sources.sweep import sweep
from tenants.models import Tenant
from tests.events.conftest import committed, rows, store_events
from tests.sandbox.started import ALDER, BIRCH, DAY, World
from tests.sources.conftest import BACKEND

__all__ = ["committed", "store_events"]
LABELS = ("a", "b", "c")
LOOK_BACK = timedelta(minutes=1)  # what a publisher has in hand may still be sent, and is doubtful too


class Lives:
    """The players, and what must be true whatever they do."""

    def __init__(self, seed: int, tenant: Tenant, aws: World, publisher: Publisher, store: Callable[..., Any]) -> None:
        self.random = random.Random(seed)
        self.tenant, self.aws, self.publisher, self.store = tenant, aws, publisher, store
        self.inbox = aws.queue()
        self.arrived: set[str] = set()
        self.posted: list[str] = []
        self.steps = [f"seed {seed}"]

    def step(self) -> None:
        act = self.random.choice(
            [
                *(self.offer, self.post, self.post, self.pause, self.resume, self.delete, self.again),
                *(self.accept, self.accept, self.detach, self.behind_our_back, self.elsewhere, self.time, self.faults),
            ]
        )
        self.steps.append(act.__name__)
        with suppress(Problem, ClientError):
            act()
        self.publish()
        self.look()
        self.check()

    # Provider
    def offer(self) -> None:
        label = self.random.choice(LABELS)
        create_source(
            tenant=self.tenant, account=ALDER, region="eu-west-1", label=label, actor=BACKEND, now=timezone.now()
        )

    def post(self) -> None:
        results = self.store(*[{"tenant": "alder", "type": "t", "detail": {"n": len(self.posted)}}] * 3)
        self.posted += [str(result.event_id) for result in results]

    def pause(self) -> None:
        pause_source(source=self.any(), actor=BACKEND, now=timezone.now())

    def resume(self) -> None:
        resume_source(source=self.any(), actor=BACKEND, now=timezone.now())

    def delete(self) -> None:
        delete_source(source=self.any(), keep_queue=self.random.random() < 0.7, actor=BACKEND, now=timezone.now())

    def again(self) -> None:
        reprovision(source=self.any(), actor=BACKEND, now=timezone.now())

    # Tenant
    def accept(self) -> None:
        name = self.any().name
        with suppress(ClientError):
            self.aws.alder.delete_event_bus(Name=name)
        self.aws.accept(name)
        self.aws.subscribe(self.inbox, bus=name)

    def detach(self) -> None:
        self.aws.alder.delete_event_bus(Name=self.any().name)

    # Whoever else, and the circumstances
    def behind_our_back(self) -> None:
        self.aws.withdraw(self.any().name)

    def elsewhere(self) -> None:
        name = self.any().name
        self.aws.withdraw(name)
        self.aws.offer(name, BIRCH)

    def time(self) -> None:
        self.aws.advance(self.random.choice([3_600, DAY, 10 * DAY]))

    def faults(self) -> None:
        self.aws.faults(**self.random.choice([{"credentials_error": "ExpiredTokenException"}, {}]))
        self.publish()
        self.aws.faults()

    def any(self) -> Source:
        sources = list(Source.objects.filter(account__isnull=False).order_by("pk"))
        if not sources:
            raise Problem(404, "nothing", "There is nothing to act on.")
        return self.random.choice(sources)

    # What the machine does
    def publish(self) -> None:
        rows("update retry set due_at = now() - interval '1 second' returning 1")
        self.publisher.publish_round()
        self.arrived |= {event["resources"][-1].rpartition(":")[2] for event in self.inbox.events()}

    def look(self) -> None:
        """Ask AWS about everything, as often as it takes for a source to come to rest."""
        for _ in range(4):
            Breaker.objects.all().delete()
            past = timezone.now() - timedelta(minutes=5)
            Source.objects.filter(due_at__isnull=False).update(due_at=timezone.now(), tries=0)
            Source.objects.filter(provisioned_at__gt=past).update(provisioned_at=past)  # the list does not lag here
            sweep(clock=timezone.now)

    # What must be true
    def check(self) -> None:
        told = f"after {self.steps}"
        self._nothing_is_lost(told)
        for source in Source.objects.filter(account__isnull=False):
            at_aws = self._at_aws(source.name)
            assert source.account == ALDER, told
            if source.provisioned_at is None or source.due_at is None:
                continue
            mine = {"PENDING": "pending", "ACTIVE": "active", "DELETED": "deleted"}.get(at_aws.get(ALDER, ""), "none")
            assert source.observed == mine, (source.name, at_aws, told)
            if source.lane.publishable:
                assert mine == "active", (source.name, told)
            self._history_is_complete(source, told)

    def _nothing_is_lost(self, told: str) -> None:
        for (event,) in rows("select id from events where disposition = 0"):
            deliveries = rows(
                "select source_id, 'queued' from pending where event_id = %s"
                " union all select source_id, 'queued' from retry where event_id = %s"
                " union all select source_id, 'dead' from dead where event_id = %s"
                " union all select source_id, 'settled' from settled where event_id = %s",
                *[event] * 4,
            )
            taken = rows("select source_id, at from attempts where event_id = %s and code = 0", event)
            assert deliveries or taken, (event, told)
            for source_id, at in taken:
                assert str(event) in self.arrived or self._is_doubtful(source_id, at), (event, source_id, at, told)

    def _is_doubtful(self, source_id: int, at: Any) -> bool:
        departures = SourceChange.objects.filter(source_id=source_id, field="observed", before="active")
        return departures.filter(confirmed_at__lte=at, at__gte=at - LOOK_BACK).exists()

    def _history_is_complete(self, source: Source, told: str) -> None:
        """Each change begins where the one before ended, and the last one is what is stored."""
        seen = SourceChange.objects.filter(source=source, field__in=["observed", "state"]).order_by("id")
        reached = "unknown"
        for change in seen:
            if change.field == "state":  # offered again: AWS is asked anew
                reached = "unknown"
                continue
            assert change.before == reached, (source.name, change.before, reached, told)
            reached = change.after
        assert reached == source.observed, (source.name, told)

    def _at_aws(self, name: str) -> dict[str, str]:
        try:
            answer = self.aws.partner.list_partner_event_source_accounts(EventSourceName=name)
        except self.aws.partner.exceptions.ResourceNotFoundException:
            return {}
        return {row["Account"]: row["State"] for row in answer["PartnerEventSourceAccounts"]}


@pytest.fixture
def lives(
    committed: None,
    aws: World,
    environment: Environment,
    tenant: Tenant,
    store_events: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[int], Lives]]:
    monkeypatch.setattr(publishing, "SECOND", 0.0)
    with session.open_session() as own, Exchanges() as exchanges:
        yield lambda seed: Lives(seed, tenant, aws, Publisher(own, exchanges), store_events)


def seed() -> int:
    return int(os.environ.get("RANDOM_LIVES_SEED") or random.randrange(2**32))


def test_whatever_happens_nothing_is_lost_in_silence(lives: Callable[[int], Lives]) -> None:
    life = lives(seed())
    for _ in range(15):
        life.step()


@pytest.mark.slow
def test_whatever_happens_for_thousands_of_steps_nothing_is_lost_in_silence(lives: Callable[[int], Lives]) -> None:
    life = lives(seed())
    for _ in range(2_000):
        life.step()
