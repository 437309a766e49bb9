"""Expiry: AWS lets an unaccepted offer expire after days. What is known of it, and beginning its rehearsal in time."""

from datetime import datetime
from typing import Any

from integrations.onboarding.validation_tenant import EXTERNAL_ID, validation_tenant
from integrations.registration.models import Environment
from integrations.sources.creation import create_source
from integrations.sources.models import Desired, Observed, Source, SourceChange
from tenants.audit import Actor

LABEL = "expiry-rehearsal"


def latest_expiry(environment: Environment) -> dict[str, Any] | None:
    """Return the evidence of the last offer of this environment that AWS let expire, or None."""
    change = (
        SourceChange.objects.filter(
            source__environment=environment,
            cause=SourceChange.Cause.EXPIRY,
            field="observed",
            before=Observed.PENDING,
        )
        .select_related("source")
        .order_by("-at", "-pk")
        .first()
    )
    if change is None:
        return None
    source = change.source
    again = source.changes.filter(field="state", at__gt=change.at).order_by("at", "pk").first()
    return {
        "name": source.name,
        "account": source.account,
        "region": source.region,
        "noticed_at": change.at.isoformat(),
        "pending_until": change.confirmed_at.isoformat() if change.confirmed_at else "",
        "note": change.note,
        "offered_again_at": again.at.isoformat() if again else "",
    }


def waiting_offer(environment: Environment) -> Source | None:
    """Return the rehearsal's offer that nobody is to accept, if one waits."""
    offers = Source.objects.filter(environment=environment, tenant__external_id=EXTERNAL_ID, label=LABEL, ended="")
    # AWS may not have been asked yet; that the offer is made is true all the same.
    return offers.filter(observed__in=[Observed.UNKNOWN, Observed.PENDING]).exclude(desired=Desired.ABSENT).first()


def rehearse_expiry(*, environment: Environment, account: str, region: str, actor: Actor, now: datetime) -> Source:
    """Make an offer on the validation tenant that nobody is to accept; one that waits already is that offer."""
    tenant = validation_tenant(environment=environment, actor=actor, now=now)
    return create_source(tenant=tenant, account=account, region=region, label=LABEL, actor=actor, now=now)[0]
