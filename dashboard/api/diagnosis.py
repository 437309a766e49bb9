"""Why does a tenant get no events, over HTTP."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from dashboard.api.callers import ApiKey, tenant_of
from integrations.events.silence import silence_of

router = Router(tags=["Tenants"])


class CheckOut(Schema):
    """One step on the way of an event, in its order."""

    key: str = Field(..., description="Stable, for programs")
    state: str = Field(..., description="ok, problem, or unknown: nobody here can see it, or it is no bad sign")
    sentence: str
    facts: dict[str, Any]


class DiagnosisOut(Schema):
    """The first problem is the answer; without one it is what cannot be seen from here."""

    tenant: str
    source: UUID | None = Field(..., description="Of several sources the one that is worst off")
    at: datetime
    decisive: str = Field(..., description="The key of the check that decides")
    sentence: str
    action: str = Field(..., description="What mends it, for programs; empty if nothing does from here")
    checks: list[CheckOut]


@router.get(
    "/tenants/{tenant}/diagnosis",
    response=DiagnosisOut,
    auth=ApiKey("tenants:read"),
    summary="Ask why a tenant gets no events",
    operation_id="get_diagnosis",
)
def get(request: HttpRequest, tenant: str) -> DiagnosisOut:
    """Needs the scope tenants:read."""
    asked, now = tenant_of(request, tenant), timezone.now()
    silence = silence_of(asked, now=now)
    return DiagnosisOut(
        tenant=asked.external_id,
        source=silence.source.public_id if silence.source else None,
        at=now,
        decisive=silence.decisive.key,
        sentence=str(silence.decisive.sentence),
        action=silence.decisive.action,
        checks=[
            CheckOut(key=check.key, state=check.state, sentence=str(check.sentence), facts=check.facts)
            for check in silence.checks
        ],
    )
