"""Reserves beside a source: a tenant that deleted its last source and provisioned it again has both.

Its events of the time between wait in the reserve, which no first source will take over any more. They are judged by
the selections of the sources that the tenant has now, and queued for those.
"""

import time
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from integrations.cursors import raw_connection
from integrations.events.models import Settled
from integrations.events.routing import routes_of_sources
from integrations.sources.gate import announce_opening
from integrations.sources.models import Desired, Source
from integrations.sources.reserve import lock_tenant
from integrations.stopping import stop_requested

BATCH = 1_000
RUN_SECONDS = 20.0

BESIDE_A_SOURCE = """
select r.id from sources_source r where r.account is null
  and exists (select 1 from pending p where p.source_id = r.id)
  and exists (select 1 from sources_source s where s.tenant_id = r.tenant_id and s.account is not null
    and s.desired <> 'absent')
order by r.id
"""
OLDEST = """
select p.event_id, e.wire from (select event_id from pending where source_id = %s order by event_id limit %s) p
left join lateral (select wire from events where id = p.event_id limit 1) e on true
"""
LEAVE = "delete from pending where source_id = %s and event_id = any(%s::uuid[])"
ENTER = """
insert into pending (source_id, event_id) select * from unnest(%s::int[], %s::uuid[]) on conflict do nothing
"""
FILTERED = """
insert into settled (source_id, event_id, at, reason) select %s, e, %s, %s from unnest(%s::uuid[]) as e
on conflict do nothing
"""


def hand_over(now: datetime) -> int:
    """Empty the reserves that stand beside a source, for RUN_SECONDS at most; return how many deliveries moved."""
    give_up_at = time.monotonic() + RUN_SECONDS
    moved = 0
    for (reserve_id,) in _rows(BESIDE_A_SOURCE, []):
        while time.monotonic() < give_up_at and not stop_requested.is_set() and (batch := _hand_over(reserve_id, now)):
            moved += batch
    return moved


def _hand_over(reserve_id: int, now: datetime) -> int:
    with transaction.atomic():
        reserve = Source.objects.get(pk=reserve_id)
        lock_tenant(reserve.tenant_id)
        reserve.refresh_from_db()
        live = Source.objects.filter(tenant=reserve.tenant_id, account__isnull=False).exclude(desired=Desired.ABSENT)
        targets = list(live.order_by("pk").values_list("pk", flat=True))
        if reserve.account is not None or not targets:
            return 0
        routes = routes_of_sources(raw_connection(), targets)
        waiting = _rows(OLDEST, [reserve_id, BATCH])
        pairs = [
            (target, event_id)
            for event_id, tail in waiting
            if tail is not None
            for target in targets
            if routes[target].selects_all or routes[target].selects_stored(bytes(tail))
        ]
        chosen = {event_id for _, event_id in pairs}
        unchosen = [event_id for event_id, tail in waiting if tail is not None and event_id not in chosen]
        _run(LEAVE, [reserve_id, [event_id for event_id, _ in waiting]])
        _run(ENTER, [[target for target, _ in pairs], [event_id for _, event_id in pairs]])
        _run(FILTERED, [reserve_id, now, Settled.Reason.FILTERED.value, unchosen])
        announce_opening("")  # their ids are below what publishers have read of those lanes
    return len(waiting)


def _run(statement: str, parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
