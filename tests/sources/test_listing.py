"""What the database takes for a state is what people are shown."""

from itertools import product

import pytest
from django.utils import timezone

from integrations.sources.listing import SourceQuestion, regions_in_use, sources_asked
from integrations.sources.models import Desired, Observed, Source
from integrations.sources.reserve import reserve_for
from integrations.sources.states import ShownState, shown_as, shown_state
from tenants.models import Tenant


@pytest.fixture
def every_combination(tenant: Tenant) -> list[Source]:
    rows = product(Desired.values, Observed.values, ("", "expired", "gone"), (None, timezone.now()), (True, False))
    environment = tenant.directory.environment
    return Source.objects.bulk_create(
        Source(
            tenant=tenant,
            environment=environment,
            account="222222222222",
            region="eu-west-1",
            name=f"n/{number}",
            desired=desired,
            observed=observed,
            ended=ended,
            provisioned_at=provisioned_at,
            failure_final=final,
        )
        for number, (desired, observed, ended, provisioned_at, final) in enumerate(rows)
    )


def test_each_source_is_found_under_the_one_state_that_it_is_shown_in(every_combination: list[Source]) -> None:
    found = {state: set(Source.objects.filter(shown_as(state)).values_list("pk", flat=True)) for state in ShownState}
    expected: dict[ShownState, set[int]] = {state: set() for state in ShownState}
    for source in every_combination:
        expected[shown_state(source)].add(source.pk)
    assert found == expected


def test_a_reserve_is_in_no_list(tenant: Tenant) -> None:
    assert reserve_for(tenant_id=tenant.pk)
    assert list(sources_asked(SourceQuestion())) == []
    assert regions_in_use() == []
