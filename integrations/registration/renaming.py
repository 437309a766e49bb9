"""Giving an integration another name. Its slug, by which commands know it, stays."""

from datetime import datetime

from django.db import transaction

from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants import audit
from tenants.audit import Actor


def rename_integration(*, integration: Integration, name: str, actor: Actor, now: datetime) -> Integration:
    """Set the name that people read. The name it has already changes nothing. Raises Problem `name_empty`."""
    wanted = name.strip()
    if not wanted:
        raise Problem(422, "name_empty", "Give the integration a name.")
    with transaction.atomic():
        current = locked_integration(integration)
        before = current.name
        if wanted != before:
            current.name = wanted
            current.save(update_fields=["name"])
            audit.record(
                actor=actor,
                action="integration:rename",
                at=now,
                object_type="integration",
                object_id=current.public_id,
                before={"name": before},
                after={"name": wanted},
            )
    return current


def locked_integration(integration: Integration) -> Integration:
    """Return the integration as it is now, locked until the end of the transaction."""
    return Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)
