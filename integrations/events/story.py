"""The story of one event: where each of its deliveries stands, and every attempt that was made."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from integrations.events import wire
from integrations.events.models import Event, Settled
from tenants.identifiers import moment_of

DELIVERIES = """
select s.id, s.public_id, s.name, s.account is null as reserve, l.publishable,
  b.code as breaker, s.desired, s.observed, s.suspect_since, s.opens_at,
  p.event_id is not null as pending, r.event_id is not null as retrying,
  r.due_at, d.event_id is not null as dead, dc.code as dead_code, d.message as dead_message, z.reason as settled,
  exists (select 1 from attempts a where a.event_id = %(event)s and a.source_id = s.id and a.code = 0) as accepted
from sources_source s
join sources_lane l on l.source_id = s.id
left join registration_breaker b on b.environment_id = s.environment_id and b.region = s.region
left join pending p on p.source_id = s.id and p.event_id = %(event)s
left join retry r on r.source_id = s.id and r.event_id = %(event)s
left join dead d on d.source_id = s.id and d.event_id = %(event)s
left join outcome_codes dc on dc.id = d.code
left join settled z on z.source_id = s.id and z.event_id = %(event)s
where s.tenant_id = %(tenant)s
order by s.id
"""

ATTEMPTS = """
select s.public_id as source, a.at, c.code, a.tries, a.ms, a.bytes, a.observed, a.aws_id, a.request_id, a.message
from attempts a join outcome_codes c on c.id = a.code join sources_source s on s.id = a.source_id
where a.event_id = %s order by a.at
"""

OBSERVED = ("unknown", "none", "pending", "active", "deleted")


def story_of(*, environment_id: int, event_id: UUID) -> dict[str, Any] | None:
    """Return the event with its deliveries and attempts, JSON-ready, or None if it is not in the environment."""
    event = Event.objects.select_related("type").filter(id=event_id, environment_id=environment_id).first()
    if event is None:
        return None
    entry = wire.read_tail(bytes(event.wire))
    deliveries = list(_deliveries(event))
    return {
        "event_id": event.id,
        "id": event.caller_id,
        "tenant": _external_id(event.tenant_id),
        "type": event.type.name,
        "time": datetime.fromtimestamp(entry.time, tz=UTC),
        "received_at": moment_of(event.id),
        "state": overall_state(event.disposition, [delivery["state"] for delivery in deliveries]),
        "resources": entry.resources,
        "detail": msgspec.Raw(entry.detail.encode()),
        "deliveries": deliveries,
        "attempts": list(_attempts(event_id)),
    }


def overall_state(disposition: int, states: list[str]) -> str:
    """Return the one word for an event: the delivery that most needs somebody's eye speaks for all."""
    for state in ("dead", "retrying", "held", "waiting", "accepted", "settled"):
        if state in states:
            return state
    return "settled" if disposition != Event.Disposition.ROUTED else "waiting"


def delivery_state(row: dict[str, Any]) -> tuple[str, str | None] | None:
    """Return the state of one delivery and its reason, or None where no delivery was made for the source."""
    if row["pending"] or row["retrying"]:
        held_because = _held_because(row)
        if held_because:
            return "held", held_because
        return ("retrying", None) if row["retrying"] else ("waiting", None)
    if row["dead"]:
        return "dead", row["dead_code"]
    if row["accepted"]:
        return "accepted", None
    if row["settled"] is not None:
        return "settled", Settled.Reason(row["settled"]).name.lower()
    return None


def _held_because(row: dict[str, Any]) -> str | None:
    if row["reserve"]:
        return "no_source"
    if not row["publishable"]:
        return _closed_because(row)
    if row["breaker"]:
        return f"breaker:{row['breaker']}"
    return None


def _closed_because(row: dict[str, Any]) -> str:
    if row["desired"] != "present":
        return f"source_{row['desired']}"
    if row["suspect_since"]:
        return "source_suspect"
    return "source_opening" if row["opens_at"] else f"source_{row['observed']}"


def _deliveries(event: Event) -> Iterator[dict[str, Any]]:
    for row in _rows(DELIVERIES, {"event": event.id, "tenant": event.tenant_id}):
        state = delivery_state(row)
        if state is not None:
            yield {
                "source": None if row["reserve"] else row["public_id"],
                "name": row["name"] or None,
                "state": state[0],
                "reason": state[1],
                "next_try_at": row["due_at"] if state[0] == "retrying" else None,
                "message": row["dead_message"],
            }


def _attempts(event_id: UUID) -> Iterator[dict[str, Any]]:
    for row in _rows(ATTEMPTS, [event_id]):
        yield row | {"observed": OBSERVED[row["observed"]]}


def _external_id(tenant_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select external_id from tenants_tenant where id = %s", [tenant_id])
        return str(cursor.fetchone()[0])


def _rows(statement: str, parameters: Any) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))
