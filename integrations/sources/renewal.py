"""Offering a source again that expired, vanished, failed or was deleted: same name, same lane, same queue."""

from datetime import datetime

from django.db import transaction

from integrations.problems import Problem
from integrations.registration.enabling import check_enabled
from integrations.sources.gate import set_gate
from integrations.sources.history import note_change
from integrations.sources.models import Desired, Lane, Observed, Source, SourceChange
from integrations.sources.row_locks import lock_source, lock_with_tenant
from integrations.sources.states import shown_state
from tenants import audit
from tenants.audit import Actor


def reprovision(
    *, source: Source, actor: Actor, now: datetime, cause: SourceChange.Cause | None = None, note: str = ""
) -> Source:
    """Make the source due to be offered again under its name, with its history and what it holds.

    AWS keeps it PENDING until its tenant accepts it again, even where a bus of the name is left. `cause` is given where
    it is not the actor: SCHEDULE for what happens by itself. A deleted source comes back only where a new one could be
    made. Raises Problem 409 `source_not_ended`, `source_being_deleted`, `label_taken`, `tenant_closed`,
    `production_not_enabled`.
    """
    with transaction.atomic():
        current = lock_with_tenant(source)
        if not is_over(current):
            raise _not_ended(current)
        if current.desired == Desired.ABSENT:
            check_enabled(current.environment)
        if current.desired == Desired.ABSENT and _is_replaced(current):
            raise Problem(
                409,
                "label_taken",
                f"Another source has the name {current.name} in {current.region} by now. Delete that one first, or "
                "leave this one deleted.",
            )
        _offer_again(current, actor, now, cause, note)
    return current


def is_over(source: Source) -> bool:
    """Return whether the source ended, failed or is deleted, so that it can be offered again."""
    if source.desired == Desired.ABSENT:
        return source.due_at is None  # AWS confirmed it
    return bool(source.ended or source.failure_final)


def offer_again_if_ended(source: Source, actor: Actor, now: datetime) -> bool:
    """Make an ended or failed source due for provisioning; return whether that was done.

    Belongs into a transaction that holds the tenant's row lock. What the source holds stays in its lane and flows once
    the tenant has accepted it again.
    """
    current = lock_source(source)
    if not is_over(current):
        return False
    _offer_again(current, actor, now)
    return True


def _offer_again(
    source: Source, actor: Actor, now: datetime, cause: SourceChange.Cause | None = None, note: str = ""
) -> None:
    before, wanted_before = shown_state(source), source.desired
    if source.desired == Desired.ABSENT:
        source.desired = Desired.PRESENT
        Lane.objects.filter(source=source).update(drops_since=None)
    source.ended = source.failure_code = source.failure_message = ""
    source.failure_final = False
    source.observed, source.observed_at = Observed.UNKNOWN, None
    source.provisioned_at = source.expires_at = source.suspect_since = source.opens_at = None
    source.tries = 0
    source.intent += 1
    source.due_at = now
    source.save()
    set_gate(source, source.environment)
    after = shown_state(source)
    if wanted_before != source.desired:
        note_change(
            source, actor, now, field="desired", before=wanted_before, after=source.desired, cause=cause, note=note
        )
    note_change(source, actor, now, field="state", before=before, after=after, cause=cause, note=note)
    audit.record(
        actor=actor,
        action="source:offer-again",
        at=now,
        object_type="source",
        object_id=source.public_id,
        tenant=source.tenant,
        before={"state": before},
        after={"state": after},
    )


def _is_replaced(source: Source) -> bool:
    live = Source.objects.filter(region=source.region, name=source.name).exclude(desired=Desired.ABSENT)
    return live.exclude(pk=source.pk).exists()


def _not_ended(source: Source) -> Problem:
    if source.desired == Desired.ABSENT:
        return Problem(
            409, "source_being_deleted", "This source is being deleted at AWS. Try again once AWS has confirmed it."
        )
    return Problem(
        409,
        "source_not_ended",
        f"This source is {shown_state(source)}: only one that expired, is gone, failed or was deleted can be "
        "provisioned again.",
    )
