from typing import Any

from integrations.sources.models import Lane, Source
from integrations.sources.reserve import reserve_for
from tenants.models import Tenant


def test_the_reserve_is_made_once_with_a_closed_lane(tenant: Tenant) -> None:
    first, second = reserve_for(tenant_id=tenant.pk), reserve_for(tenant_id=tenant.pk)
    assert first is not None
    assert second == first
    assert (first.account, first.name, first.due_at) == (None, "", None)
    lane = Lane.objects.get(source=first)
    assert (lane.publishable, lane.environment_id) == (False, first.environment_id)


def test_a_tenant_with_a_source_has_no_reserve(tenant: Tenant, make_source: Any) -> None:
    make_source(tenant)
    assert reserve_for(tenant_id=tenant.pk) is None
    assert Source.objects.filter(account=None).count() == 0


def test_a_tenant_whose_sources_are_all_absent_has_a_reserve_again(tenant: Tenant, make_source: Any) -> None:
    make_source(tenant, desired="absent")
    assert reserve_for(tenant_id=tenant.pk) is not None


def test_a_closed_tenant_has_no_reserve(tenant: Tenant, now: Any) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(closed_at=now)
    assert reserve_for(tenant_id=tenant.pk) is None
