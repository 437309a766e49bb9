"""Closing a tenant: its sources go the way of all deleted sources, its people lose their access, its events stay."""

from datetime import datetime

from django.db import transaction

from integrations.sources.deletion import ALWAYS, delete_source
from integrations.sources.models import Desired, Lane, Source
from integrations.sources.reserve import lock_tenant
from tenants import audit
from tenants.audit import Actor
from tenants.closing import withdraw_access
from tenants.models import Tenant


def close_tenant(*, tenant: Tenant, actor: Actor, now: datetime) -> Tenant:
    """Close a tenant for good: nothing more is stored for it or sent to it; what waits settles as dropped.

    Its id may be put again and is another tenant then. Closing a closed tenant changes nothing.
    """
    with transaction.atomic():
        current = lock_tenant(tenant.pk)
        if current.closed_at is not None:
            return current
        current.closed_at = now
        current.save(update_fields=["closed_at"])
        ended = {"sources": _delete_sources(current, actor, now), **withdraw_access(current, now)}
        audit.record(
            actor=actor,
            action="tenant:close",
            at=now,
            object_type="tenant",
            object_id=current.public_id,
            tenant=current,
            before={"external_id": current.external_id, "name": current.name},
            after=ended,
        )
    return current


def _delete_sources(tenant: Tenant, actor: Actor, now: datetime) -> int:
    offers = Source.objects.filter(tenant=tenant, account__isnull=False).exclude(desired=Desired.ABSENT).order_by("pk")
    for source in offers:
        delete_source(source=source, keep_queue=False, actor=actor, now=now)
    # Queues that deleted sources had kept, and the reserve's, can never be sent either.
    Lane.objects.filter(source__tenant=tenant, drops_since=None).update(drops_since=ALWAYS)
    return len(offers)
