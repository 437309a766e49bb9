"""What pages and the API ask of the event path: bounded questions with indexes behind them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from integrations.events.deliveries import deliveries_of
from integrations.events.story import overall_state
from tenants.identifiers import moment_of

# Counting stops here: a page says "100,000+" rather than walk a backlog of millions.
COUNT_LIMIT = 100_000

COUNTERS = """
select s.id, l.publishable and not exists (
    select 1 from registration_breaker b where b.environment_id = s.environment_id and b.region = s.region) as open,
  (select count(*) from (select 1 from pending p where p.source_id = s.id limit %(limit)s) x) as pending,
  (select count(*) from (select 1 from retry r where r.source_id = s.id limit %(limit)s) x) as retrying,
  (select count(*) from (select 1 from dead d where d.source_id = s.id limit %(limit)s) x) as dead,
  (select event_id from pending p where p.source_id = s.id order by event_id limit 1) as oldest_pending,
  (select event_id from retry r where r.source_id = s.id order by event_id limit 1) as oldest_retrying,
  a.last_accepted_at
from sources_source s join sources_lane l on l.source_id = s.id left join activity a on a.source_id = s.id
where s.id = any(%(sources)s)
"""

LATEST = """
select e.id, e.tenant_id, t.name, e.disposition from events e join event_types t on t.id = e.type_id
{condition} order by e.id desc limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Counters:
    """The queue of one source; counts stop at COUNT_LIMIT."""

    waiting: int = 0
    held: int = 0
    dead: int = 0
    oldest_waiting_at: datetime | None = None
    last_accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event in a list."""

    event_id: UUID
    tenant_id: int
    type: str
    received_at: datetime
    state: str


def counters_of(source_ids: list[int]) -> dict[int, Counters]:
    """Return the counters of these sources by id. What is retried counts as waiting, behind a closed gate as held."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTERS, {"sources": source_ids, "limit": COUNT_LIMIT})
        return {source_id: _counters(*row) for source_id, *row in cursor.fetchall()}


def _counters(
    is_open: bool,
    pending: int,
    retrying: int,
    dead: int,
    oldest_pending: UUID | None,
    oldest_retrying: UUID | None,
    last_accepted_at: datetime | None,
) -> Counters:
    queued = min(pending + retrying, COUNT_LIMIT)
    oldest = min((event_id for event_id in (oldest_pending, oldest_retrying) if event_id), default=None)
    return Counters(
        waiting=queued if is_open else 0,
        held=0 if is_open else queued,
        dead=dead,
        oldest_waiting_at=moment_of(oldest) if oldest else None,
        last_accepted_at=last_accepted_at,
    )


def latest_events(*, tenant_ids: list[int] | None, limit: int) -> list[EventRow]:
    """Return the newest events, newest first: of these tenants, or of all for None."""
    condition = "" if tenant_ids is None else "where e.tenant_id = any(%(tenants)s)"
    with connection.cursor() as cursor:
        cursor.execute(LATEST.format(condition=condition), {"tenants": tenant_ids, "limit": limit})
        rows = cursor.fetchall()
    states = _states([(event_id, tenant_id) for event_id, tenant_id, _, _ in rows])
    return [
        EventRow(event_id, tenant_id, name, moment_of(event_id), overall_state(disposition, states.get(event_id, [])))
        for event_id, tenant_id, name, disposition in rows
    ]


def _states(events: list[tuple[UUID, int]]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    for delivery in deliveries_of(events):
        if delivery.state is not None:
            found.setdefault(delivery.event_id, []).append(delivery.state[0])
    return found
