"""The budget of control-plane calls, and whose turn it is in it. The clock stands still unless somebody waits."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction

from integrations.aws import partner_sources
from integrations.aws.partner_sources import SourceAccount
from integrations.registration.models import Environment
from integrations.sources import budget, timing
from integrations.sources.budget import Place
from integrations.sources.models import Lane, Source
from integrations.sources.sweep import sweep
from integrations.sources.watching import watch
from tenants.models import Tenant

PLACE = Place("111111111111", "eu-west-1")
ELSEWHERE = Place("111111111111", "us-east-1")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PENDING = SourceAccount("222222222222", "PENDING", None, None)


class Clock:
    """Time passes only by waiting, and by `lag` with every call to AWS."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=max(seconds, 0.001))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """AWS says PENDING to every question; which sources it was asked about, by region and name."""
    questions: list[tuple[str, str]] = []

    def answer(publisher: object, region: str, name: str) -> list[SourceAccount]:
        questions.append((region, name))
        return [PENDING]

    monkeypatch.setattr(partner_sources, "accounts_of", answer)
    return questions


def many(tenant: Tenant, environment: Environment, count: int, *, region: str = "eu-west-1", **fields: Any) -> None:
    """Make due sources that AWS is asked about, as fast as it goes."""
    now = fields.pop("due_at", NOON)
    rows = Source.objects.bulk_create(
        Source(
            environment=environment,
            tenant=tenant,
            account="222222222222",
            region=region,
            label="events",
            name=f"{environment.namespace}/{region}/{number}",
            provisioned_at=NOON - timedelta(days=1),
            observed="pending",
            observed_at=NOON - timedelta(minutes=2),
            due_at=now,
            **fields,
        )
        for number in range(count)
    )
    Lane.objects.bulk_create(Lane(source=source, environment=environment, region=region) for source in rows)


@pytest.mark.django_db
def test_a_second_of_calls_may_go_at_once_and_then_one_every_fifth_of_a_second() -> None:
    assert [budget.take(PLACE, NOON) for _ in range(6)] == [True] * 5 + [False]
    assert budget.seconds_until_free(PLACE, NOON) == pytest.approx(0.2)
    assert [budget.take(PLACE, NOON + timedelta(seconds=0.2)) for _ in range(2)] == [True, False]
    assert budget.take(ELSEWHERE, NOON)


@pytest.mark.django_db
def test_calls_that_were_made_beyond_their_turn_are_paid_for_later() -> None:
    budget.take(PLACE, NOON)
    budget.spend(PLACE, 9)
    assert not budget.take(PLACE, NOON + timedelta(seconds=1))
    assert budget.take(PLACE, NOON + timedelta(seconds=1.2))


@pytest.mark.django_db
def test_a_clock_that_was_set_back_does_not_stop_the_calls() -> None:
    budget.take(PLACE, NOON + timedelta(days=1))
    assert budget.take(PLACE, NOON)


@pytest.mark.django_db
@pytest.mark.parametrize(("rate", "given"), [(0, 100), (0.5, 1), (50, 50)])
def test_the_rate_is_a_setting(settings: Any, rate: float, given: int) -> None:
    settings.CONTROL_CALLS_PER_SECOND = rate
    assert sum(budget.take(PLACE, NOON) for _ in range(100)) == given


@pytest.mark.django_db(transaction=True)
def test_processes_share_one_bucket() -> None:
    def taking(_: int) -> int:
        try:
            return sum(budget.take(PLACE, NOON) for _ in range(5))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(taking, range(4))) == 5


def test_a_sweep_stays_within_the_budget_of_each_place(
    environment: Environment, tenant: Tenant, asked: list[tuple[str, str]]
) -> None:
    many(tenant, environment, 100)
    many(tenant, environment, 20, region="us-east-1")
    clock = Clock(NOON)
    sweep(clock=clock, life=timedelta(seconds=10), sleep=clock.sleep)
    regions = Counter(region for region, _ in asked)
    assert 45 <= regions["eu-west-1"] <= 56
    assert regions["us-east-1"] == 20


def test_integrations_take_turns_however_much_one_of_them_has(
    environment: Environment,
    other_environment: Environment,
    tenant: Tenant,
    make_tenant: Callable[[Environment], Tenant],
    asked: list[tuple[str, str]],
) -> None:
    many(tenant, environment, 60, due_at=NOON - timedelta(hours=1))
    many(make_tenant(other_environment), other_environment, 15)
    clock = Clock(NOON)
    sweep(clock=clock, life=timedelta(seconds=6), sleep=clock.sleep)
    served = Counter(name.split("/")[1] for _, name in asked)
    assert served["other.example.com.test"] == 15
    assert served["shop.example.com.test"] >= 15


def test_what_somebody_looks_at_goes_before_a_thousand_that_are_wanted(
    environment: Environment, tenant: Tenant, asked: list[tuple[str, str]]
) -> None:
    many(tenant, environment, 50, due_at=NOON - timedelta(hours=1))
    with transaction.atomic():
        watched = Source.objects.order_by("pk").last()
        Source.objects.filter(pk=watched.pk).update(watched_until=NOON + timedelta(seconds=30), due_at=NOON)
    clock = Clock(NOON)
    sweep(clock=clock, steps=1, sleep=clock.sleep)
    assert asked == [(watched.region, watched.name)]


@pytest.mark.slow
def test_ten_thousand_sources_are_asked_about_within_the_budget_and_an_open_page_waits_less_than_ten_seconds(
    transactional_db: None,  # in one transaction nothing that is claimed could ever be vacuumed out of the index
    environment: Environment,
    other_environment: Environment,
    tenant: Tenant,
    make_tenant: Callable[[Environment], Tenant],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A virtual clock: each call takes a twentieth of a second, and the beat starts a sweep every two seconds."""
    clock = Clock(NOON)
    calls: list[tuple[datetime, str]] = []

    def answer(publisher: object, region: str, name: str) -> list[SourceAccount]:
        calls.append((clock.now, name))
        clock.sleep(0.05)
        return [PENDING]

    monkeypatch.setattr(partner_sources, "accounts_of", answer)
    monkeypatch.setattr(timing, "WHILE_PENDING", timedelta(hours=2))  # once around
    many(tenant, environment, 9_000)
    many(make_tenant(other_environment), other_environment, 1_000)
    watched = Source.objects.order_by("pk")[4_000]
    while len({name for _, name in calls}) < 10_000 and clock.now < NOON + timedelta(hours=2):
        watch(watched, clock.now)
        sweep(clock=clock, sleep=clock.sleep, life=timedelta(seconds=2))
    seconds = (clock.now - NOON).total_seconds()
    moments = sorted(moment for moment, _ in calls)
    busiest = max(
        sum(1 for later in moments[start : start + 60] if later - moments[start] < timedelta(seconds=1))
        for start in range(len(moments))
    )
    looks = [moment for moment, name in calls if name == watched.name]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(looks)]
    print(  # noqa: T201 - the figure is the point of a long test
        f"\n{len(calls)} calls about 10,000 sources in {seconds:.0f} s: {len(calls) / seconds:.2f} a second, "
        f"{busiest} in the busiest; the source on an open page every {max(gaps):.1f} s at the latest"
    )
    assert len(calls) <= 5 * seconds + 5
    assert busiest <= 10
    assert max(gaps) <= 8
    assert len({name for _, name in calls}) == 10_000
