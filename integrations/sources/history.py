"""The history of a source: who or what changed it."""

from datetime import datetime

from integrations.sources.models import Source, SourceChange
from tenants.audit import Actor
from tenants.models import AuditEntry

_CAUSES = {
    AuditEntry.ActorKind.PERSON: SourceChange.Cause.PERSON,
    AuditEntry.ActorKind.KEY: SourceChange.Cause.KEY,
    AuditEntry.ActorKind.SYSTEM: SourceChange.Cause.SYSTEM,
}


def note_change(source: Source, actor: Actor, now: datetime, *, field: str, before: str = "", after: str) -> None:
    """Write down that somebody changed what we want of the source."""
    SourceChange.objects.create(
        source=source,
        at=now,
        cause=_CAUSES[AuditEntry.ActorKind(actor.kind)],
        actor_label=actor.label[:200],
        field=field,
        before=before,
        after=after,
    )
