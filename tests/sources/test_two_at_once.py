import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from integrations.problems import Problem
from integrations.sources.claims import claim_next
from integrations.sources.creation import create_source
from integrations.sources.exclusion import only_sweep
from integrations.sources.models import Lane, Source
from integrations.sources.reserve import reserve_for
from tenants.models import Tenant
from tests.sources.conftest import ALDER_ACCOUNT, BACKEND

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run all acts from one starting signal, each on a connection of its own."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            start.wait(10)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def creating(tenant: Tenant, account: str = ALDER_ACCOUNT) -> Callable[[], Any]:
    def act() -> Any:
        try:
            return create_source(tenant=tenant, account=account, region="eu-west-1", actor=BACKEND, now=timezone.now())
        except Problem as problem:
            return problem.code

    return act


def test_the_same_creation_twice_at_once_makes_one_source(tenant: Tenant) -> None:
    results = at_once(*[creating(tenant)] * 4)
    assert sorted(is_new for _, is_new in results) == [False, False, False, True]
    assert Source.objects.count() == Lane.objects.count() == 1


def test_two_accounts_that_want_one_name_at_once_get_it_once(tenant: Tenant) -> None:
    results = at_once(creating(tenant), creating(tenant, "333333333333"))
    assert results.count("label_taken") == 1
    assert Source.objects.count() == 1


def test_a_reserve_is_never_made_beside_a_source(tenant: Tenant) -> None:
    at_once(creating(tenant), *[lambda: reserve_for(tenant_id=tenant.pk)] * 3)
    assert Source.objects.count() == Lane.objects.count() == 1
    assert Source.objects.get().account == ALDER_ACCOUNT


def test_two_sweeps_never_claim_the_same_source(tenant: Tenant) -> None:
    creating(tenant)()
    claims = at_once(*[lambda: claim_next(timezone.now())] * 4)
    assert len([claim for claim in claims if claim]) == 1


def test_a_second_sweep_finds_the_place_taken_until_the_first_ends() -> None:
    with only_sweep() as first, only_sweep() as second:
        assert (first, second) == (True, False)
    with only_sweep() as again:
        assert again
