"""What the readers of history and standing hand on: something that happened, not yet written down."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.notifications.kinds import Kind
from integrations.sources.models import Source


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One cause for a notice. With a `subject` it lasts until nobody reports the subject any more."""

    kind: Kind
    cause: str
    at: datetime
    source: Source | None = None
    tenant_id: int | None = None
    subject: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def facts_of(source: Source) -> dict[str, Any]:
    """Return what every text about a source may say, fixed as it is now."""
    return {
        "tenant": source.tenant.name,
        "product": source.environment.integration.name,
        "environment": source.environment.kind,
        "source": source.name,
        "account": source.account,
        "region": source.region,
        "source_id": str(source.public_id),
        "tenant_id": str(source.tenant.public_id),
    }
