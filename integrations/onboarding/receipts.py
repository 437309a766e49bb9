"""What reached the receiving side: our own events in its queue, and the moment from which one is missing."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from integrations.aws.receiver_queue import ReceiverQueue, receiver_queue
from integrations.events.models import Event
from integrations.events.wire import URN
from integrations.onboarding.models import Profile
from integrations.registration.models import Environment

ARRIVES_WITHIN = timedelta(minutes=5)

LAST_TO_ACTIVE = """
select max(a.last_accepted_at) from activity a join sources_source s on s.id = a.source_id
where s.environment_id = %s and s.account = %s and s.observed = 'active'
"""


def queue_of(profile: Profile, environment: Environment | None) -> ReceiverQueue | None:
    """Return the receiving side's queue if a role and a queue are named."""
    if not profile.receiver_role_arn or not profile.receiver_queue_url:
        return None
    default = environment.regions[0] if environment and environment.regions else "us-east-1"
    return receiver_queue(profile.receiver_role_arn, profile.receiver_external_id, profile.receiver_queue_url, default)


def our_event(environment: Environment, body: str) -> dict[str, Any] | None:
    """Return id and source of an event of this environment in a message, or None for anything else."""
    try:
        envelope = json.loads(body)
        source, resources = envelope["source"], envelope["resources"]
        ids = [UUID(each.removeprefix(URN)) for each in resources if each.startswith(URN)]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if not isinstance(source, str) or not source.startswith(f"{environment.namespace}/") or not ids:
        return None
    if not Event.objects.filter(id=ids[0], environment_id=environment.pk).exists():
        return None
    return {
        "event": str(ids[0]),
        "source": source,
        "envelope_id": envelope.get("id"),
        "type": envelope.get("detail-type"),
    }


def missing_since(environment: Environment, account: str, arrived_at: str, now: datetime) -> datetime | None:
    """Return when AWS accepted what should have arrived by now and did not; None while nothing is missing."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_TO_ACTIVE, [environment.pk, account])
        accepted: datetime | None = cursor.fetchone()[0]
    if accepted is None or now - accepted < ARRIVES_WITHIN:
        return None
    return accepted if accepted > datetime.fromisoformat(arrived_at) + ARRIVES_WITHIN else None
