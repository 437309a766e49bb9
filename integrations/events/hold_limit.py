"""The hold limit: what was held for too long is waited for no longer. It is dead, announced, and can be replayed.

Only held work: what an open lane has not sent yet is being sent, however old it is. The age is the event's; a replay's
counts from the replay, or it would be dead again before anybody could accept its source.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction

from integrations.locks import LANE_LOCK
from integrations.registration.models import Environment
from integrations.sources.models import Source
from integrations.stopping import stop_requested
from tenants import audit
from tenants.audit import Actor
from tenants.identifiers import lowest_uuid_of, moment_of
from tenants.models import AuditEntry

CODE = "hold_limit"
REACHED, NEAR = "source:hold_limit", "source:hold_limit_near"
BATCH = 5_000  # deliveries of each queue in one transaction
RUN_SECONDS = 40.0
NOTICE = timedelta(days=1)  # how long before, and how often, it is warned
COUNT_LIMIT = 100_000
ACTOR = Actor.system("hold limit")

log = structlog.get_logger()

# Held: the gate is closed, and not just until AWS's next answer; or the breaker has been open for as long as the limit.
# One that opened a moment ago shall not cost a backlog that is being sent.
HELD = """
from sources_lane l join sources_source s on s.id = l.source_id
join unnest(%(environments)s::int[], %(before)s::uuid[], %(before_at)s::timestamptz[])
  as q(environment_id, before, before_at) on q.environment_id = l.environment_id
left join registration_breaker b on b.environment_id = l.environment_id and b.region = l.region
where ((not l.publishable and s.opens_at is null and s.suspect_since is null) or b.opened_at < q.before_at)
"""
TOO_OLD = "event_id < {before} and (replay_id is null or due_at < {before_at})"
OLD_IN_LANE = TOO_OLD.format(before="q.before", before_at="q.before_at")
LANES = f"""
select l.source_id {HELD} and (
  exists (select 1 from pending p where p.source_id = l.source_id and p.event_id < q.before)
  or exists (select 1 from retry r where r.source_id = l.source_id and {OLD_IN_LANE}))
order by l.source_id
"""  # noqa: S608 - put together from the constants above, here and below
# The gate may have opened since the lanes were listed; the row lock keeps it as it is until the end.
STILL_HELD = f"select 1 {HELD} and l.source_id = %(source)s for share of l"
OLD_OF_SOURCE = TOO_OLD.format(before="%(lowest)s", before_at="%(moment)s")
OLD_RETRIES = (
    f"select event_id from retry where source_id = %(source)s and {OLD_OF_SOURCE}"  # noqa: S608
    " order by event_id limit %(batch)s"
)
OLD_PENDING = (
    "select event_id from pending where source_id = %(source)s and event_id < %(lowest)s"
    " order by event_id limit %(batch)s"
)
FIGURES = (
    "select count(*), (select event_id from {them} order by event_id limit 1),"
    " (select event_id from {them} order by event_id desc limit 1) from {them}"
)
GIVE_UP = f"""
with waiting as (
  delete from pending where source_id = %(source)s and event_id in ({OLD_PENDING}) returning event_id
), retried as (
  delete from retry where source_id = %(source)s and event_id in ({OLD_RETRIES}) returning event_id, tries
), given_up as (
  select event_id, 0::smallint as tries from waiting union all select event_id, tries from retried
), buried as (
  insert into dead (source_id, event_id, at, code, tries, message)
  select %(source)s, event_id, %(now)s, (select id from outcome_codes where code = '{CODE}'), max(tries), %(message)s
  from given_up group by event_id
  on conflict (source_id, event_id) do update
  set at = excluded.at, code = excluded.code, tries = excluded.tries, message = excluded.message
)
{FIGURES.format(them="given_up")}
"""  # noqa: S608
COUNT = f"with old as (({OLD_PENDING}) union all ({OLD_RETRIES})) {FIGURES.format(them='old')}"


@dataclass(frozen=True, slots=True)
class Limit:
    """The hold limit of one environment: deliveries of events before `reached_before` are beyond it."""

    days: int
    reached_before: datetime

    @property
    def sentence(self) -> str:
        days = "1 day" if self.days == 1 else f"{self.days} days"
        return (
            f"Held for longer than the environment's hold limit of {days}. The event is kept: "
            f"once its source is active, replay the dead letters with the code {CODE}."
        )


def enforce(now: datetime) -> int:
    """Make dead what is beyond the limit, and warn of what will be within a day; return how many are dead of it.

    Safe to repeat and to run twice at once; what RUN_SECONDS do not suffice for is left to the next run.
    """
    give_up_at = time.monotonic() + RUN_SECONDS
    limits = _limits(now)
    dead = 0
    for source_id in _lanes(limits):
        while (
            time.monotonic() < give_up_at
            and not stop_requested.is_set()
            and (given_up := _give_up(source_id, limits, now))
        ):
            dead += given_up
    for source_id in _lanes(soon := _limits(now + NOTICE)):
        if time.monotonic() < give_up_at:
            _warn(source_id, soon, now)
    return dead


def _limits(now: datetime) -> dict[int, Limit]:
    """Return the limits by environment: in whole hours, so that a long queue is announced once an hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return {
        pk: Limit(days, hour - timedelta(days=days))
        for pk, days in Environment.objects.values_list("pk", "hold_limit_days")
    }


def _lanes(limits: dict[int, Limit]) -> list[int]:
    return [source_id for (source_id,) in _rows(LANES, _of_environments(limits))]


def _give_up(source_id: int, limits: dict[int, Limit], now: datetime) -> int:
    with transaction.atomic():
        source = _alone_with(source_id, limits)
        if source is None:
            return 0
        limit = limits[source.environment_id]
        parameters = _of_source(source_id, limit, BATCH) | {"now": now, "message": limit.sentence}
        ((count, oldest, newest),) = _rows(GIVE_UP, parameters)
        if count:
            _announce(REACHED, source, limit, count, (oldest, newest), now)
    return int(count)


def _warn(source_id: int, limits: dict[int, Limit], now: datetime) -> None:
    with transaction.atomic():
        source = _alone_with(source_id, limits)
        if source is None or _was_warned(source, now):
            return
        limit = limits[source.environment_id]
        ((count, oldest, newest),) = _rows(COUNT, _of_source(source_id, limit, COUNT_LIMIT))
        if count:
            _announce(NEAR, source, limit, count, (oldest, newest), now)


def _alone_with(source_id: int, limits: dict[int, Limit]) -> Source | None:
    """Return the source if no publisher works on its lane and it is still held; both stay so until the commit."""
    if _rows("select pg_try_advisory_xact_lock(%s, %s)", [LANE_LOCK, source_id]) != [(True,)]:
        return None
    # Statements of their own: what the lane's last holder recorded has to be seen.
    if not _rows(STILL_HELD, _of_environments(limits) | {"source": source_id}):
        return None
    return Source.objects.select_related("tenant").get(pk=source_id)


def _was_warned(source: Source, now: datetime) -> bool:
    entries = AuditEntry.objects.filter(object_type="source", object_id=str(source.public_id), at__gt=now - NOTICE)
    return entries.filter(action=NEAR).exists()


def _announce(
    action: str, source: Source, limit: Limit, count: int, oldest_and_newest: tuple[UUID, UUID], now: datetime
) -> None:
    oldest, newest = (moment_of(event_id).isoformat() for event_id in oldest_and_newest)
    figures = {
        "deliveries": count,
        "oldest": oldest,
        "newest": newest,
        "hold_limit_days": limit.days,
    }
    audit.record(
        actor=ACTOR,
        action=action,
        at=now,
        object_type="source",
        object_id=source.public_id,
        tenant=source.tenant,
        after=figures,
    )
    said = "held for too long: dead now" if action == REACHED else "held for nearly too long: dead within a day"
    log.warning(said, source=str(source.public_id), name=source.name or "reserve", **figures)


def _of_environments(limits: dict[int, Limit]) -> dict[str, object]:
    moments = [limit.reached_before for limit in limits.values()]
    return {
        "environments": list(limits),
        "before": [lowest_uuid_of(moment) for moment in moments],
        "before_at": moments,
    }


def _of_source(source_id: int, limit: Limit, batch: int) -> dict[str, object]:
    moment = limit.reached_before
    return {"source": source_id, "lowest": lowest_uuid_of(moment), "moment": moment, "batch": batch}


def _rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
