"""The drain rate: how many deliveries a second may flow to a source at most, so that a backlog does not drown it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from integrations.problems import Problem
from integrations.sources.gate import announce_opening
from integrations.sources.history import note_change
from integrations.sources.models import Drain, Source
from integrations.sources.row_locks import lock_source, refuse_deleted
from tenants import audit
from tenants.audit import Actor

HIGHEST_RATE = 100_000


def set_drain_rate(*, source: Source, per_second: int | None, actor: Actor, now: datetime) -> Source:
    """Let at most `per_second` deliveries a second flow to the source, new ones included; None takes the limit off.

    Raises Problem 422 `rate_invalid`, 409 `source_deleted`.
    """
    if per_second is not None and not 1 <= per_second <= HIGHEST_RATE:
        raise Problem(
            422, "rate_invalid", f"A drain rate is 1 to {HIGHEST_RATE} deliveries a second; leave it out for none."
        )
    with transaction.atomic():
        current = lock_source(source)
        refuse_deleted(current)
        before = drain_rate_of(current)
        if before == per_second:
            return current
        if per_second is None:
            Drain.objects.filter(source=current).delete()
        else:
            Drain.objects.update_or_create(source=current, defaults={"per_second": per_second, "next_at": now})
        announce_opening(str(current.pk))
        note_change(current, actor, now, field="drain_rate", before=_words(before), after=_words(per_second))
        audit.record(
            actor=actor,
            action="source:set_drain_rate",
            at=now,
            object_type="source",
            object_id=current.public_id,
            tenant=current.tenant,
            before={"per_second": before},
            after={"per_second": per_second},
        )
    return current


def drain_rate_of(source: Source) -> int | None:
    """Return the source's limit in deliveries a second, or None."""
    return drain_rates_of([source.pk]).get(source.pk)


def drain_rates_of(source_ids: Iterable[int]) -> dict[int, int]:
    """Return the limits of those sources that have one, by id."""
    return dict(Drain.objects.filter(source__in=source_ids).values_list("source_id", "per_second"))


def _words(per_second: int | None) -> str:
    return "no limit" if per_second is None else f"{per_second} a second"
