"""The audit line of everything done to an integration on its way through the stages."""

from datetime import datetime
from typing import Any

from integrations.registration.models import Integration
from tenants import audit
from tenants.audit import Actor


def record_of(
    integration: Integration,
    action: str,
    actor: Actor,
    now: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write the line, inside the transaction of what it tells."""
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="integration",
        object_id=integration.public_id,
        before=before,
        after=after,
    )
