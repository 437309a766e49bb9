"""The reserve: where the events of a tenant without a source wait until it has its first one."""

from django.db import transaction

from integrations.sources.models import Desired, Lane, Source
from tenants.models import Tenant


def reserve_for(*, tenant_id: int) -> Source | None:
    """Find or make the tenant's reserve, with its closed lane.

    None when the tenant is closed or has a source by now: a reserve beside a source could one day become a source in
    another AWS account. Raises Tenant.DoesNotExist.
    """
    with transaction.atomic():
        tenant = lock_tenant(tenant_id)
        if tenant.closed_at is not None or _has_source(tenant):
            return None
        return Source.objects.filter(tenant=tenant, account=None).first() or _make(tenant)


def lock_tenant(tenant_id: int) -> Tenant:
    """Return the tenant with its environment, its row locked: sources and reserves are made one after the other."""
    # NO KEY: other rows that refer to the tenant can still be inserted meanwhile.
    return (
        Tenant.objects.select_for_update(no_key=True, of=("self",))
        .select_related("directory__environment")
        .get(pk=tenant_id)
    )


def _has_source(tenant: Tenant) -> bool:
    return Source.objects.filter(tenant=tenant, account__isnull=False).exclude(desired=Desired.ABSENT).exists()


def _make(tenant: Tenant) -> Source:
    environment = tenant.directory.environment
    reserve = Source.objects.create(environment=environment, tenant=tenant)
    Lane.objects.create(source=reserve, environment=environment)
    return reserve
