"""Dropping: deliveries of lanes that keep nothing settle as dropped, a batch and a transaction at a time.

Two kinds: sources that AWS calls PENDING under the policy `drop`, and deleted sources whose queue was discarded. The
events stay until their retention, and each delivery says that it was dropped.
"""

import time
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from integrations.events.models import Settled
from integrations.locks import LANE_LOCK
from integrations.sources.models import Desired, Source
from integrations.stopping import stop_requested
from tenants import audit
from tenants.audit import Actor
from tenants.identifiers import lowest_uuid_of

BATCH = 5_000
RUN_SECONDS = 20.0
ACTOR = Actor.system("dropping")

LANES = """
select l.source_id from sources_lane l where l.drops_since is not null and (
  exists (select 1 from pending p where p.source_id = l.source_id)
  or exists (select 1 from retry r where r.source_id = l.source_id))
order by l.source_id
"""
# The gate may have opened since the lanes were listed; the row lock keeps it as it is until the end.
SINCE = "select drops_since from sources_lane where source_id = %s and drops_since is not null for share"
WAITING = """
select event_id from {table} where source_id = %(source)s and event_id >= %(from)s order by event_id limit %(batch)s
"""
# Where the event is gone there is nothing left to be settled, nor a partition for it.
DROP = """
with gone as (
  delete from {table} where source_id = %(source)s and event_id in ({waiting}) returning event_id
), settled_now as (
  insert into settled (source_id, event_id, at, reason)
  select %(source)s, g.event_id, %(now)s, %(reason)s from gone g
  where exists (select 1 from events e where e.id = g.event_id) on conflict do nothing)
select count(*) from gone
"""


def drop_for_a_while(now: datetime) -> int:
    """Drop what is to be dropped, for RUN_SECONDS at most; return how many deliveries that were."""
    give_up_at = time.monotonic() + RUN_SECONDS
    dropped = 0
    for (source_id,) in _rows(LANES, []):
        while time.monotonic() < give_up_at and not stop_requested.is_set() and (batch := _drop(source_id, now)):
            dropped += batch
    return dropped


def _drop(source_id: int, now: datetime) -> int:
    with transaction.atomic():
        # A publisher that had read a delivery before the gate closed would put it back after a failure.
        if _rows("select pg_try_advisory_xact_lock(%s, %s)", [LANE_LOCK, source_id]) != [(True,)]:
            return 0
        # Statements of their own: what the lane's last holder recorded has to be seen.
        since = _rows(SINCE, [source_id])
        if not since:
            return 0
        source = Source.objects.select_related("tenant").get(pk=source_id)
        count = _settle("pending", source_id, since[0][0], now)
        if source.desired == Desired.ABSENT:
            count += _settle("retry", source_id, since[0][0], now)
            if count:
                _record(source, count, now)
    return count


def _settle(table: str, source_id: int, since: datetime, now: datetime) -> int:
    given = {
        "source": source_id,
        "from": lowest_uuid_of(since),
        "batch": BATCH,
        "now": now,
        "reason": Settled.Reason.DROPPED.value,
    }
    ((count,),) = _rows(DROP.format(table=table, waiting=WAITING.format(table=table)), given)
    return int(count)


def _record(source: Source, count: int, now: datetime) -> None:
    """A discarded queue is told once; what a policy drops all the time is told by the deliveries themselves."""
    audit.record(
        actor=ACTOR,
        action="source:discard_queue",
        at=now,
        object_type="source",
        object_id=source.public_id,
        tenant=source.tenant,
        after={"deliveries": count},
    )


def _rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
