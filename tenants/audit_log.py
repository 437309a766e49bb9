"""Reading the audit log: by whom, of what, of whose, since when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from tenants.models import AuditEntry

# From one type to the next in the index: a DISTINCT would read the whole log.
TYPES = """
with recursive types as (
  (select object_type from tenants_auditentry order by object_type limit 1)
  union all
  select (select object_type from tenants_auditentry a where a.object_type > t.object_type order by 1 limit 1)
  from types t where t.object_type is not null)
select object_type from types where object_type is not null
"""


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """Which lines are wanted; what is empty is not asked. `actor` is how a name begins, in any case."""

    actor: str = ""
    actor_kind: str = ""
    object_type: str = ""
    object_id: str = ""
    tenant_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def audit_entries(question: AuditQuestion) -> QuerySet[AuditEntry]:
    """Return the lines of the log that fit, in no order; newest first is (-at, -id)."""
    wanted = {
        "actor_label__istartswith": question.actor,
        "actor_kind": question.actor_kind,
        "object_type": question.object_type,
        "object_id": question.object_id,
        "tenant_id": question.tenant_id,
        "at__gte": question.since,
        "at__lt": question.until,
    }
    return AuditEntry.objects.filter(**{name: value for name, value in wanted.items() if value not in ("", None)})


def object_types() -> list[str]:
    """Return of what the log speaks, in the order of the alphabet."""
    with connection.cursor() as cursor:
        cursor.execute(TYPES)
        return [name for (name,) in cursor.fetchall()]


def is_object_id(words: str) -> bool:
    """Return whether somebody looks for an object by its id, and not for a person."""
    try:
        UUID(words)
    except ValueError:
        return False
    return True
