"""The maintenance switch: all events of an environment in a region are held until somebody lets them flow again.

One row and no source is touched: the publisher's question leaves those lanes out, as it does behind a breaker. AWS is
still asked about sources.
"""

from datetime import datetime

from django.db import transaction

from integrations.problems import Problem
from integrations.registration.models import Environment, Maintenance
from integrations.sources.gate import announce_opening
from tenants import audit
from tenants.audit import Actor

LONGEST_NOTE = 500


def begin_maintenance(
    *, environment: Environment, region: str, note: str = "", actor: Actor, now: datetime
) -> Maintenance:
    """Hold everything of the environment in this region; what is in flight is still recorded.

    Beginning it twice changes nothing. Raises Problem 422 `region_not_allowed`.
    """
    if region not in environment.regions:
        allowed = ", ".join(sorted(environment.regions)) or "none yet"
        raise Problem(422, "region_not_allowed", f"{environment} has no sources in {region!r}. Its regions: {allowed}.")
    with transaction.atomic():
        row, began = Maintenance.objects.get_or_create(
            environment=environment,
            region=region,
            defaults={"since": now, "actor_label": actor.label[:200], "note": note[:LONGEST_NOTE]},
        )
        if began:
            _record("environment:begin_maintenance", environment, {"region": region, "note": row.note}, actor, now)
    return row


def end_maintenance(*, environment: Environment, region: str, actor: Actor, now: datetime) -> bool:
    """Let events flow again; return whether there was a maintenance to end."""
    with transaction.atomic():
        ended = Maintenance.objects.filter(environment=environment, region=region).delete()[0] > 0
        if ended:
            announce_opening("")
            _record("environment:end_maintenance", environment, {"region": region}, actor, now)
    return ended


def _record(action: str, environment: Environment, after: dict[str, str], actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="environment",
        object_id=environment.public_id,
        after=after,
    )
