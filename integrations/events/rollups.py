"""Rollups: what every source and every environment did in each minute, derived from the attempts as it runs.

An environment's rows have the negative of its key as `source_id`: adding up thousands of sources would take seconds.
Two more kinds of rows keep the books: of source 0, whose minute is the last one that is complete; and of minute 0,
which are an environment's totals since ever, for counters that must not shrink when old minutes are pruned.
"""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from django.db import OperationalError, connection, transaction

from integrations.events.models import Rollup
from integrations.locks import ROLLUP_LOCK
from tenants.identifiers import lowest_uuid_of

LATENCY_BOUNDS = (5, 10, 25, 50, 100, 250, 1000)  # ms, inclusive; the last class has no bound
LATENCY_CLASSES = len(LATENCY_BOUNDS) + 1
REPLACED = 5  # minutes: a recording commits later than the moment that it writes
CATCH_UP = 30  # minutes at once after a time without the job
RUN_SECONDS = 20.0  # after which a run leaves the rest to the next
STATEMENT_SECONDS = 60
WATERMARK = 0  # the source whose one row says up to which minute the rollups are complete
EVER = 0  # the minute of the totals
TOTALS_WRAP = 2_000_000_000  # the columns are of four bytes: a counter starts again at 0, as after a restart

_LATENCY = [f"l{n}" for n in range(1, LATENCY_CLASSES + 1)]
_LOWER = (-1, *LATENCY_BOUNDS)
_UPPER = (*LATENCY_BOUNDS, 2_147_483_647)
_CLASSES = ", ".join(
    f"count(*) filter (where code = 0 and ms > {low} and ms <= {high}) as {name}"
    for low, high, name in zip(_LOWER, _UPPER, _LATENCY, strict=True)
)
_SUMS = ", ".join(f"sum({name})::int as {name}" for name in ("accepted", "failed", "held", *_LATENCY))
_ZEROS = ", ".join("0" for _ in _LATENCY)
# Of any id that begins with milliseconds; PostgreSQL's own function answers null for one that is not of version 7.
MINUTE_OF_EVENT = "(('x' || translate(left(event_id::text, 13), '-', ''))::bit(48)::bigint / 60000)::int"

# One statement, so that a page never sees half of a minute. What is not counted any more goes: a held delivery that
# was released. The rest is written only where it differs.
REPLACE = f"""
with homes as (
  select id::int as source_id, environment_id::int from sources_source
), tried as materialized (
  select source_id, floor(date_part('epoch', at) / 60)::int as minute, code, count(*) as tries,
    sum(bytes) as bytes, {_CLASSES}
  from attempts where at >= %(start_at)s and at < %(end_at)s group by 1, 2, 3
), waiting as (
  select event_id, l.source_id from sources_lane l
  left join registration_breaker b on b.environment_id = l.environment_id and b.region = l.region
  left join registration_maintenance m on m.environment_id = l.environment_id and m.region = l.region
  cross join lateral (
    select event_id from pending where source_id = l.source_id and event_id >= %(lowest)s and event_id < %(beyond)s) p
  where b.id is not null or m.id is not null or not l.publishable
), of_sources as materialized (
  select source_id, minute, {_SUMS}, sum(bytes)::bigint as bytes from (
    select source_id, minute, case when code = 0 then tries else 0 end as accepted,
      case when code <> 0 then tries else 0 end as failed, 0 as held, {", ".join(_LATENCY)},
      case when code = 0 then bytes else 0 end as bytes from tried
    union all
    select source_id, {MINUTE_OF_EVENT}, 0, 0, count(*), {_ZEROS}, 0 from waiting group by 1, 2) as x
  group by 1, 2
), counted as materialized (
  select source_id, minute, accepted, failed, held, bytes, array[{", ".join(_LATENCY)}] as latency from (
    select source_id, minute, accepted, failed, held, bytes, {", ".join(_LATENCY)} from of_sources
    union all
    select -environment_id, minute, sum(accepted)::int, sum(failed)::int, sum(held)::int, sum(bytes)::bigint,
      {", ".join(f"sum({name})::int" for name in _LATENCY)}
    from of_sources join homes using (source_id) group by 1, 2) as y
), gone as (
  delete from rollups r where minute >= %(start)s and minute < %(end)s and source_id <> {WATERMARK}
    and not exists (select from counted c where c.source_id = r.source_id and c.minute = r.minute)
), written as (
  insert into rollups as r (source_id, minute, accepted, failed, held, bytes, latency) select * from counted
  on conflict (source_id, minute) do update set accepted = excluded.accepted, failed = excluded.failed,
    held = excluded.held, bytes = excluded.bytes, latency = excluded.latency
  where (r.accepted, r.failed, r.held, r.bytes, r.latency) is distinct from
    (excluded.accepted, excluded.failed, excluded.held, excluded.bytes, excluded.latency)
  returning r.source_id, new.accepted - coalesce(old.accepted, 0) as accepted,
    new.failed - coalesce(old.failed, 0) as failed, new.bytes - coalesce(old.bytes, 0) as bytes
), totals as (
  insert into rollups as r (source_id, minute, accepted, failed, bytes)
  select source_id, {EVER}, sum(accepted), sum(failed), sum(bytes) from written where source_id < 0 group by 1
  on conflict (source_id, minute) do update set accepted = (r.accepted + excluded.accepted) %% {TOTALS_WRAP},
    failed = (r.failed + excluded.failed) %% {TOTALS_WRAP}, bytes = r.bytes + excluded.bytes
), failures as (
  select source_id, minute, code, tries::int as failed from tried where code <> 0
  union all
  select -environment_id, minute, code, sum(tries)::int from tried join homes using (source_id)
  where code <> 0 group by 1, 2, 3
), written_failures as (
  insert into rollup_failures as f (source_id, minute, code, failed) select * from failures
  on conflict (source_id, minute, code) do update set failed = excluded.failed where f.failed <> excluded.failed
  returning f.source_id, f.code, new.failed - coalesce(old.failed, 0) as failed
)
insert into rollup_failures as f (source_id, minute, code, failed)
select source_id, {EVER}, code, sum(failed) from written_failures where source_id < 0 group by 1, 3
on conflict (source_id, minute, code) do update set failed = (f.failed + excluded.failed) %% {TOTALS_WRAP}
"""  # noqa: S608 - numbers and names of this module

# Ranges of pages that no vacuum has summarised yet are read whole by whoever asks for a minute. Not the bloom filters,
# which summarise a range by themselves once it is full: in a range that still grows, every row would write its filter
# of some kilobytes into the log anew.
SUMMARISE = """
select brin_summarize_new_values(i.indexrelid) from pg_index i
join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
where m.amname = 'brin' and i.indrelid in (select to_regclass(name) from unnest(%s::text[]) as name)
  and not coalesce('autosummarize=on' = any(c.reloptions), false)
"""

OLDEST_DAY = """
select min(substring(inhrelid::regclass::text from '[0-9]{8}')) from pg_inherits where inhparent = 'attempts'::regclass
"""


def roll_up(now: datetime) -> int | None:
    """Replace the last closed minutes, or catch up for at most RUN_SECONDS; return the last complete minute.

    Returns None when another job is at it. Minutes count from 1970.
    """
    _summarise(now)
    give_up_at = time.monotonic() + RUN_SECONDS
    while True:
        complete = _replace_some(minute_of(now))
        if complete is None or complete >= minute_of(now) - 1 or time.monotonic() > give_up_at:
            return complete


def replace_minutes(start: int, end: int) -> None:
    """Derive the minutes from `start` to before `end` anew. Safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(
            REPLACE,
            {
                "start": start,
                "end": end,
                "start_at": moment_of_minute(start),
                "end_at": moment_of_minute(end),
                "lowest": lowest_uuid_of(moment_of_minute(start)),
                "beyond": lowest_uuid_of(moment_of_minute(end)),
            },
        )


def complete_until() -> int | None:
    """Return the last minute that is complete, None before the first run."""
    return Rollup.objects.filter(source_id=WATERMARK).values_list("minute", flat=True).first()


def minute_of(moment: datetime) -> int:
    """Return the minute of a moment, counted from 1970."""
    return int(moment.timestamp() // 60)


def moment_of_minute(minute: int) -> datetime:
    """Return the moment at which a minute begins."""
    return datetime.fromtimestamp(minute * 60, tz=UTC)


def _replace_some(running: int) -> int | None:
    """Replace up to CATCH_UP minutes before the running one and move the watermark, all or nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [ROLLUP_LOCK])
        if cursor.fetchone() == (False,):
            return None
        cursor.execute(f"set local statement_timeout = '{STATEMENT_SECONDS}s'")
        # A watermark in the future was written by a clock that has been set back since.
        start = min(_first_missing(running), running) - REPLACED
        end = min(start + REPLACED + CATCH_UP, running)
        replace_minutes(start, end)
        Rollup.objects.filter(source_id=WATERMARK).delete()
        Rollup.objects.create(source_id=WATERMARK, minute=end - 1, accepted=0, failed=0, held=0, bytes=0)
        return end - 1


def _first_missing(running: int) -> int:
    """Return the minute after the last complete one; at the very first run that of the oldest attempts there are."""
    complete = complete_until()
    if complete is not None:
        return complete + 1
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_DAY)
        (day,) = cursor.fetchone()
    return minute_of(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)) if day else running


def _summarise(now: datetime) -> None:
    days = [f"attempts_{day.astimezone(UTC):%Y%m%d}" for day in (now, now - timedelta(days=1))]
    # A lock that waits for a second makes a vacuum give way; the next run tries again.
    with suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local lock_timeout = '500ms'")
        cursor.execute(SUMMARISE, [[*days, "rollups"]])
