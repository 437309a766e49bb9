"""Pausing: a tenant or an operator wants a source's events held for a while; AWS's side stays as it is."""

from datetime import datetime

from django.db import transaction

from integrations.sources.gate import set_gate
from integrations.sources.history import note_change
from integrations.sources.models import Desired, Source
from integrations.sources.row_locks import lock_source, refuse_deleted
from tenants import audit
from tenants.audit import Actor


def pause_source(*, source: Source, actor: Actor, now: datetime) -> Source:
    """Hold what is posted from now on and what waits; at most the claim in flight is still sent.

    Pausing a paused source changes nothing. Raises Problem 409 `source_deleted`.
    """
    return _want(source, Desired.PAUSED, "source:pause", actor, now)


def resume_source(*, source: Source, actor: Actor, now: datetime) -> Source:
    """Let a paused source's events flow again; AWS is asked about it at once. Raises Problem 409 `source_deleted`."""
    return _want(source, Desired.PRESENT, "source:resume", actor, now)


def _want(source: Source, desired: Desired, action: str, actor: Actor, now: datetime) -> Source:
    with transaction.atomic():
        current = lock_source(source)
        refuse_deleted(current)
        before = current.desired
        if before != desired:
            current.desired = desired
            if desired == Desired.PRESENT and current.provisioned_at is not None:
                current.due_at = now
            current.save(update_fields=["desired", "due_at"])
            set_gate(current, current.environment)
            note_change(current, actor, now, field="desired", before=before, after=desired)
            audit.record(
                actor=actor,
                action=action,
                at=now,
                object_type="source",
                object_id=current.public_id,
                tenant=current.tenant,
                before={"desired": before},
                after={"desired": desired},
            )
    return current
