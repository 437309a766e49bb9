"""Breakers of publisher accounts."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from integrations.registration.breakers import claim_probe, close_breaker, open_breaker
from integrations.registration.models import Breaker, Environment

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REGION = "eu-west-1"


def open_at(environment: Environment, now: datetime, region: str = REGION, code: str = "ExpiredToken") -> None:
    open_breaker(environment=environment, region=region, code=code, message="refused", now=now)


def claim(environment: Environment, now: datetime, region: str = REGION) -> int | None:
    return claim_probe(environment_id=environment.pk, region=region, now=now)


def close(environment: Environment, tries: int) -> bool:
    return close_breaker(environment_id=environment.pk, region=REGION, tries=tries)


def test_an_open_breaker_keeps_since_when_and_why(environment: Environment) -> None:
    open_at(environment, NOW)
    breaker = Breaker.objects.get()
    assert (breaker.region, breaker.code, breaker.message) == (REGION, "ExpiredToken", "refused")
    assert (breaker.opened_at, breaker.retry_at) == (NOW, NOW + timedelta(seconds=5))


def test_opening_it_again_pushes_the_next_try_and_keeps_the_beginning(environment: Environment) -> None:
    moment, pauses = NOW, []
    for _ in range(12):
        open_at(environment, moment, code="AccessDenied")
        breaker = Breaker.objects.get()
        pauses.append((breaker.retry_at - moment).total_seconds())
        moment += timedelta(minutes=10)
    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 300
    assert (breaker.opened_at, breaker.code, breaker.tries) == (NOW, "AccessDenied", 12)


def test_a_long_message_of_aws_is_cut(environment: Environment) -> None:
    open_breaker(environment=environment, region=REGION, code="X", message="x" * 5_000, now=NOW)
    assert len(Breaker.objects.get().message) == 2_000


def test_regions_and_environments_break_apart(environment: Environment) -> None:
    production = environment.integration.environments.get(kind="production")
    open_at(environment, NOW)
    open_at(environment, NOW, region="us-east-1")
    open_at(production, NOW)
    assert Breaker.objects.count() == 3
    assert close(environment, 1)
    assert Breaker.objects.count() == 2


def test_no_probe_is_given_while_nothing_is_open_or_due(environment: Environment) -> None:
    assert claim(environment, NOW) is None
    open_at(environment, NOW)
    assert claim(environment, NOW + timedelta(seconds=4)) is None
    assert claim(environment, NOW + timedelta(hours=1), region="us-east-1") is None


def test_a_due_probe_is_given_once_and_again_when_its_prober_does_not_come_back(environment: Environment) -> None:
    open_at(environment, NOW)
    due = NOW + timedelta(seconds=5)
    assert claim(environment, due) == 2
    assert claim(environment, due) is None
    assert claim(environment, due + timedelta(seconds=29)) is None
    assert claim(environment, due + timedelta(seconds=30)) == 3


def test_the_probe_that_succeeded_closes_the_breaker_and_may_say_so_twice(environment: Environment) -> None:
    open_at(environment, NOW)
    probe = claim(environment, NOW + timedelta(seconds=5))
    assert probe is not None
    assert close(environment, probe)
    assert not Breaker.objects.exists()
    assert not close(environment, probe)


def test_a_probe_that_was_overtaken_cannot_close_the_breaker(environment: Environment) -> None:
    open_at(environment, NOW)
    slow = claim(environment, NOW + timedelta(seconds=5))
    quick = claim(environment, NOW + timedelta(seconds=60))
    assert slow is not None
    assert quick is not None
    assert not close(environment, slow)
    assert close(environment, quick)


def test_a_refusal_during_the_probe_keeps_the_breaker_open(environment: Environment) -> None:
    open_at(environment, NOW)
    probe = claim(environment, NOW + timedelta(seconds=5))
    assert probe is not None
    open_at(environment, NOW + timedelta(seconds=6))
    assert not close(environment, probe)
    assert Breaker.objects.get().retry_at == NOW + timedelta(seconds=6 + 20)


def test_a_success_of_a_call_that_began_before_the_breaker_opened_does_not_close_it(environment: Environment) -> None:
    open_at(environment, NOW)
    claim(environment, NOW + timedelta(seconds=5))
    assert not close(environment, 1)


def test_the_counter_of_an_account_that_stays_refused_begins_anew_instead_of_failing(environment: Environment) -> None:
    open_at(environment, NOW)
    Breaker.objects.update(tries=32_767)
    assert claim(environment, NOW + timedelta(hours=1)) == 1
    Breaker.objects.update(tries=32_767)
    open_at(environment, NOW + timedelta(hours=2))
    assert Breaker.objects.get().tries == 1


@pytest.mark.django_db(transaction=True)
def test_of_several_publishers_exactly_one_gets_the_probe(environment: Environment) -> None:
    open_at(environment, NOW)
    start = threading.Barrier(4)
    claimed: list[int | None] = []

    def race() -> None:
        try:
            start.wait()
            claimed.append(claim(environment, NOW + timedelta(seconds=5)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed, key=str) == [2, None, None, None]


@pytest.mark.django_db(transaction=True)
def test_publishers_that_fail_at_once_open_one_breaker(environment: Environment) -> None:
    start = threading.Barrier(4)

    def race() -> None:
        try:
            start.wait()
            open_at(environment, NOW)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Breaker.objects.get().tries == 4
