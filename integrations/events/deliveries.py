"""Where deliveries stand: one statement for one event's story and for lists, and what its rows mean."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from integrations.events.models import Event, Settled
from integrations.sources.models import Source
from integrations.sources.states import shown_state
from tenants.identifiers import moment_of

# An attempt may be dated before its event by as much as clocks differ; older days are not asked.
CLOCKS = timedelta(days=1)
STATES = ("dead", "retrying", "held", "waiting", "accepted", "settled")

# A row for every pair of one of these events and a source of its tenant, whether a delivery was made for it or not.
# A look-up with a limit cannot become a join with a whole lane, which is what the planner makes of a big one.
DELIVERIES = """
select q.id, s.id, s.public_id, s.name, s.account is null, l.publishable, b.code,
  m.id is not null, s.desired, s.observed, s.ended,
  s.provisioned_at, s.failure_final, s.suspect_since is not null, s.opens_at is not null,
  p.event_id is not null, r.event_id is not null, r.due_at, d.event_id is not null, dc.code, d.message, z.reason,
  exists (select 1 from attempts a where a.event_id = q.id and a.source_id = s.id and a.code = 0
    and a.at >= %(attempted_from)s)
from unnest(%(events)s::uuid[], %(tenants)s::int[]) as q(id, tenant_id)
join sources_source s on s.tenant_id = q.tenant_id
join sources_lane l on l.source_id = s.id
left join registration_breaker b on b.environment_id = s.environment_id and b.region = s.region
left join registration_maintenance m on m.environment_id = s.environment_id and m.region = s.region
left join lateral (select event_id from pending where source_id = s.id and event_id = q.id limit 1) p on true
left join lateral (select event_id, due_at from retry where source_id = s.id and event_id = q.id limit 1) r on true
left join lateral (
  select event_id, code, message from dead where source_id = s.id and event_id = q.id limit 1) d on true
left join outcome_codes dc on dc.id = d.code
left join lateral (
  select reason from settled where source_id = s.id and event_id = q.id and event_id between %(oldest)s and %(newest)s
  limit 1) z on true
order by q.id, s.id
"""


class Delivery(NamedTuple):
    """One event and one source of its tenant, in the order of the statement's columns."""

    event_id: UUID
    source_id: int
    source: UUID
    name: str
    is_reserve: bool
    publishable: bool
    breaker: str | None
    maintenance: bool
    desired: str
    observed: str
    ended: str
    provisioned_at: datetime | None
    failure_final: bool
    suspect: bool
    opening: bool
    pending: bool
    retrying: bool
    due_at: datetime | None
    dead: bool
    dead_code: str | None
    dead_message: str | None
    settled: int | None
    accepted: bool

    @property
    def state(self) -> tuple[str, str | None] | None:
        """Its state and the reason, or None where no delivery was made for this source."""
        if self.pending or self.retrying:
            if held := self._held_because():
                return "held", held
            return ("retrying" if self.retrying else "waiting"), None
        if self.dead:
            return "dead", self.dead_code
        if self.accepted:
            return "accepted", None
        return None if self.settled is None else ("settled", Settled.Reason(self.settled).name.lower())

    def _held_because(self) -> str | None:
        if self.is_reserve:
            return "no_source"
        if self.maintenance:
            return "maintenance"
        if self.breaker:
            return f"breaker:{self.breaker}"
        return None if self.publishable else self._closed_because()

    def _closed_because(self) -> str:
        if self.desired == "present" and (self.suspect or self.opening):
            return "source_suspect" if self.suspect else "source_opening"
        source = Source(
            desired=self.desired,
            observed=self.observed,
            ended=self.ended,
            provisioned_at=self.provisioned_at,
            failure_final=self.failure_final,
        )
        return f"source_{shown_state(source)}"


def deliveries_of(events: Iterable[tuple[UUID, int]]) -> Iterator[Delivery]:
    """Yield the deliveries of these events, each given with its tenant's key; only those that were made."""
    pairs = list(events)
    if not pairs:
        return
    ids = [event_id for event_id, _ in pairs]
    parameters: dict[str, Any] = {
        "events": ids,
        "tenants": [tenant_id for _, tenant_id in pairs],
        "attempted_from": attempted_from(min(ids)),
        "oldest": min(ids),
        "newest": max(ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(DELIVERIES, parameters)
        for row in cursor.fetchall():
            delivery = Delivery(*row)
            if delivery.state is not None:
                yield delivery


def attempted_from(event_id: UUID) -> datetime:
    """Return the moment before which an event cannot have been attempted: earlier days need not be searched."""
    return moment_of(event_id) - CLOCKS


def overall_state(disposition: int, states: list[str]) -> str:
    """Return the one word for an event: the delivery that most needs somebody's eye speaks for all."""
    for state in STATES:
        if state in states:
            return state
    return "settled" if disposition != Event.Disposition.ROUTED else "waiting"
