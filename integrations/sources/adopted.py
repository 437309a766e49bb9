"""Adopting: a source that AWS has already becomes a tenant's, under the name that it has there."""

from datetime import datetime

from django.db import transaction

from integrations.problems import Problem
from integrations.sources.creation import Offer, become_source
from integrations.sources.history import note_change
from integrations.sources.models import Source
from integrations.sources.reserve import lock_tenant
from integrations.sources.selection import selection_of
from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant

LONGEST_LABEL = 64


def adopt_source(
    *, tenant: Tenant, account: str, region: str, name: str, arn: str, actor: Actor, now: datetime
) -> Source:
    """Take over a source of which AWS has just said that it offers it to this account; AWS is asked again at once.

    The tenant's reserve becomes it, as with a source that is created. It gets everything: nothing is known of what it
    selected before. Raises Problem `tenant_closed`, and IntegrityError when the name is somebody's already.
    """
    with transaction.atomic():
        tenant = lock_tenant(tenant.pk)
        if tenant.closed_at is not None:
            raise Problem(409, "tenant_closed", "This tenant is closed; put it again to get a new one.")
        label = name.rpartition("/")[2][:LONGEST_LABEL]
        source = become_source(tenant, Offer(account, region, label, name, arn), selection_of(None, None), now)
        source.provisioned_at = now
        source.save(update_fields=["provisioned_at"])
        note_change(source, actor, now, field="desired", after=source.desired, note="Adopted: AWS had it already.")
        audit.record(
            actor=actor,
            action="source:adopt",
            at=now,
            object_type="source",
            object_id=source.public_id,
            tenant=tenant,
            after={"name": name, "account": account, "region": region},
        )
    return source
