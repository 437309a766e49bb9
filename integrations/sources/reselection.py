"""Changing which of a tenant's events a source receives. What is stored already was decided and stays so."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from integrations.sources.history import note_change
from integrations.sources.models import Source
from integrations.sources.row_locks import lock_source, refuse_deleted
from integrations.sources.selection import Selection, selection_of
from tenants import audit
from tenants.audit import Actor


def change_selection(
    *,
    source: Source,
    event_types: Sequence[str] | None,
    pattern: Mapping[str, Any] | None,
    actor: Actor,
    now: datetime,
) -> Source:
    """Select by these types and this pattern from now on; None selects everything.

    A body that is being stored at this moment may still be judged by the selection before. Raises Problem 422
    `event_types_invalid`, `pattern_invalid`, 409 `source_deleted`.
    """
    selection = selection_of(event_types, pattern)
    with transaction.atomic():
        current = lock_source(source)
        refuse_deleted(current)
        if not selection.is_that_of(current):
            before = Selection(current.event_types, current.pattern)
            current.event_types, current.pattern = selection.event_types, selection.pattern
            current.save(update_fields=["event_types", "pattern"])
            note_change(current, actor, now, field="selection", before=before.in_words(), after=selection.in_words())
            audit.record(
                actor=actor,
                action="source:select",
                at=now,
                object_type="source",
                object_id=current.public_id,
                tenant=current.tenant,
                before={"event_types": before.event_types, "pattern": before.pattern},
                after={"event_types": selection.event_types, "pattern": selection.pattern},
            )
    return current
