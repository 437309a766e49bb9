"""The audit log: every use case writes one line, in its own transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from structlog.contextvars import get_contextvars

from tenants.models import AuditEntry, Tenant, User


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, an API key or the system itself. Passed into every use case."""

    kind: str
    label: str
    id: UUID | None = None

    @classmethod
    def person(cls, user: User) -> "Actor":
        return cls(AuditEntry.ActorKind.PERSON, user.email, user.public_id)

    @classmethod
    def system(cls, label: str) -> "Actor":
        return cls(AuditEntry.ActorKind.SYSTEM, label)


def record(
    *,
    actor: Actor,
    action: str,
    at: datetime,
    object_type: str,
    object_id: object,
    tenant: Tenant | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write one line. `action` is `subject:verb`; `before` and `after` hold what changed and never a secret."""
    AuditEntry.objects.create(
        at=at,
        action=action,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label[:200],
        tenant_id=tenant.pk if tenant else None,
        object_type=object_type,
        object_id=str(object_id),
        before=before,
        after=after,
        request_id=str(get_contextvars().get("request_id", ""))[:64],
    )
