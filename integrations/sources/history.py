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


def note_change(
    source: Source,
    actor: Actor,
    now: datetime,
    *,
    field: str,
    before: str = "",
    after: str,
    cause: SourceChange.Cause | None = None,
    note: str = "",
) -> None:
    """Write down that somebody, or something of ours, changed what we want of the source.

    The cause is the kind of the actor, unless the caller knows better: a schedule acts in the system's name.
    """
    SourceChange.objects.create(
        source=source,
        at=now,
        cause=cause or _CAUSES[AuditEntry.ActorKind(actor.kind)],
        actor_label=actor.label[:200],
        field=field,
        before=before[:300],
        after=after[:300],
        note=note,
    )
