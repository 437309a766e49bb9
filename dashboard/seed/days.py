"""A day of the seed's events with all that became of them, made inside the database."""

import re
from datetime import datetime, timedelta

import psycopg

from dashboard.seed.past import FACTS
from dashboard.seed.plan import (
    BURSTS,
    CONDITIONS,
    DEAD_EVERY,
    EVERY,
    FAILED_EVERY,
    HELD_DAYS,
    TYPES,
    Cast,
    Plan,
)
from integrations.events.rollups import LATENCY_BOUNDS, LATENCY_CLASSES, MINUTE_OF_EVENT
from integrations.events.storage import attach, bounds_of
from integrations.locks import ROLLUP_LOCK

# Source 0 has every other event; of the others, each minute has its own twelve.
NUMBERED = """
create temporary table numbered on commit drop as
select n, ms, to_timestamp(ms / 1000.0) as at, source_number, %(first_source)s + source_number as source_id,
  (lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(n %% 4096), 3, '0') || '8' || left(md5(n::text), 15))::uuid as id,
  case when n %% 200 = 1 then 'filtered' when source_number = 0 and n >= %(events)s - 2 * %(waiting)s then
      case when n %% 40 = 0 then 'retry' else 'pending' end
    when source_number > 0 and source_number / %(a_tenant)s %% %(every)s = any(%(closed)s) and ms > %(held_since)s
      then 'pending'
    when n %% %(dead_every)s = 5 then 'dead' else 'accepted' end as fate
from (
  select n, ms, case when n %% 2 = 0 then 0 else
    1 + (hashint8(ms / 60000 * %(bursts)s + n / 2 %% %(bursts)s) & 2147483647) %% %(others)s end as source_number
  from (
    select n, %(start)s + n * %(gap)s as ms from generate_series(%(first)s::bigint, %(last)s::bigint) as n) as x) as y
"""
EVENTS = """
insert into {table} (id, environment_id, tenant_id, type_id, disposition, caller_id, wire)
select id, %(environment)s, %(first_tenant)s + source_number / %(a_tenant)s, (%(types)s::int[])[n %% {types} + 1],
  (fate = 'filtered')::int, 'order-' || n, convert_to(format(
    '"Time":%%s,"Resources":["urn:partnerbus:event:%%s"],"DetailType":"%%s","Detail":"{{\\"order\\":%%s}}"}}',
    ms / 1000.0, id, 'order.' || n %% {types}, n), 'UTF8')
from numbered order by id
"""
ATTEMPTS = """
insert into {table} (event_id, source_id, at, code, tries, ms, bytes, observed, aws_id, request_id, message)
select id, source_id, least(at + interval '40 ms' * tried, %(end_at)s - interval '1 ms'), code, tried,
  3 + n * 7919 %% 40 + case when n %% 50 = 0 then n * 31 %% 2000 else 0 end, 320, 3,
  case when code = 0 then md5('aws' || n)::uuid end, md5('request' || n / 20 || tried)::uuid,
  case when code <> 0 then 'The simulated refusal of a simulated account.' end
from numbered cross join lateral (
  select 1 as tried, %(throttled)s as code where n %% %(failed_every)s = 3 or fate = 'retry'
  union all select 2, %(denied)s where fate = 'dead'
  union all select 2, 0 where fate = 'accepted') as tries
where fate in ('accepted', 'dead', 'retry') order by at
"""
QUEUES = (
    "insert into pending select source_id, id from numbered where fate = 'pending' order by 1, 2",
    """insert into activity select source_id, max(at) from numbered where fate = 'accepted' group by 1 order by 1
    on conflict (source_id) do update
    set last_accepted_at = greatest(activity.last_accepted_at, excluded.last_accepted_at)""",
    """insert into retry (source_id, event_id, due_at, tries, refusals, code)
    select source_id, id, now() + interval '1 hour', 1, 0, %(throttled)s from numbered where fate = 'retry'""",
    """insert into dead (source_id, event_id, at, code, tries, message)
    select source_id, id, at, %(denied)s, 2, 'The simulated refusal of a simulated account.'
    from numbered where fate = 'dead'""",
)
# Lasting troubles that were told already: else hundreds of mails would tell them now.
TOLD = f"""
insert into notifications_notice (public_id, kind, cause, at, tenant_id, source_id, subject, facts)
select uuidv7(), x.kind, subject || ':seed', %(ends_at)s, s.tenant_id, s.id, subject,
  {FACTS} || jsonb_build_object('dead_letters', x.kind = 'failing')
from (
  select distinct 'held' as kind, source_id, 'held:' || source_id as subject from numbered where fate = 'pending'
  union all
  select distinct 'failing', source_id, 'dead:' || source_id from numbered
  where fate = 'dead' and at > %(ends_at)s - interval '2 hours') as x
join sources_source s on s.id = x.source_id join tenants_tenant t on t.id = s.tenant_id
join registration_environment e on e.id = s.environment_id join registration_integration i on i.id = e.integration_id
on conflict do nothing
"""  # noqa: S608 - names of the columns
# As the minute job would have counted them: of each source, of the environment (negative), and since ever (minute 0).
COUNTED = f"""
create temporary table counted on commit drop as
select source_id, minute, sum(accepted)::int as accepted, sum(failed)::int as failed, sum(held)::int as held,
  sum(bytes)::bigint as bytes, array[{", ".join(f"sum(l{n})::int" for n in range(LATENCY_CLASSES))}] as latency
from (
  select unnest(array[source_id, -%(environment)s]) as source_id,
    floor(date_part('epoch', at) / 60)::int as minute, (code = 0)::int as accepted, (code <> 0)::int as failed,
    0 as held,
    case when code = 0 then bytes else 0 end as bytes,
    {", ".join(f"(code = 0 and class = {n})::int as l{n}" for n in range(LATENCY_CLASSES))}
  from (
    select *, width_bucket(ms, %(classes)s::int[]) as class from {{attempts}}
    where source_id between %(first_source)s and %(last_source)s) as x
  union all
  select unnest(array[source_id, -%(environment)s]), {MINUTE_OF_EVENT.replace("event_id", "id")}, 0, 0, 1, 0,
    {", ".join("0" for _ in range(LATENCY_CLASSES))}
  from numbered where fate in ('pending', 'retry')) as y
group by 1, 2
"""  # noqa: S608 - numbers and names of this module
ROLLUPS = (
    """insert into rollups (source_id, minute, accepted, failed, held, bytes, latency)
    select source_id, minute, accepted, failed, held, bytes, latency from counted order by 1, 2
    on conflict do nothing""",
    """insert into rollups as r (source_id, minute, accepted, failed, bytes)
    select source_id, 0, sum(accepted), sum(failed), sum(bytes) from counted where source_id < 0 group by 1
    on conflict (source_id, minute) do update set accepted = r.accepted + excluded.accepted,
      failed = r.failed + excluded.failed, bytes = r.bytes + excluded.bytes""",
)
FAILURES = """
with counted as (
  select unnest(array[source_id, -%(environment)s]) as source_id,
    unnest(array[floor(date_part('epoch', at) / 60)::int, floor(date_part('epoch', at) / 60)::int]) as minute, code
  from {attempts} where code <> 0 and source_id between %(first_source)s and %(last_source)s
), each as (
  insert into rollup_failures (source_id, minute, code, failed)
  select source_id, minute, code, count(*) from counted group by 1, 2, 3 on conflict do nothing
)
insert into rollup_failures as f (source_id, minute, code, failed)
select source_id, 0, code, count(*) from counted where source_id < 0 group by 1, 3
on conflict (source_id, minute, code) do update set failed = f.failed + excluded.failed
"""
INDEXES = "select pg_get_indexdef(indexrelid) from pg_index where indrelid = %s::regclass and not indisprimary"


def is_there(connection: psycopg.Connection, cast: Cast, day: datetime) -> bool:
    """Return whether the day was made; a day without any event is never there."""
    question = "select exists (select from events where id >= %s and id < %s and environment_id = %s)"
    return connection.execute(question, [*bounds_of("events", day), cast.environment]).fetchone() == (True,)


def numbers_of(plan: Plan, cast: Cast, day: datetime) -> range:
    """Return the numbers of the events of this day."""
    start, begin = _start(plan, cast), _milliseconds(day)
    first = max(0, -(-(begin - start) // plan.gap))
    return range(first, min(plan.events, -(-(begin + 86_400_000 - start) // plan.gap)))


def make_day(connection: psycopg.Connection, plan: Plan, cast: Cast, day: datetime) -> int:
    """Make a day in one transaction, and return how many events it has."""
    numbers = numbers_of(plan, cast, day)
    parameters = _parameters(plan, cast, day)
    with connection.transaction():
        client = psycopg.ClientCursor(connection)
        client.execute(NUMBERED, parameters)
        _load(client, "events", day, EVENTS.replace("{types}", str(TYPES)), parameters)
        _load(client, "attempts", day, ATTEMPTS, parameters)
        for statement in (*QUEUES, TOLD):
            client.execute(statement, parameters)
        # Last, and one after the other: the totals since ever are one row.
        client.execute(COUNTED.replace("{attempts}", table_of("attempts", day)), parameters)
        client.execute("select pg_advisory_xact_lock(%s)", [ROLLUP_LOCK])
        for statement in (*ROLLUPS, FAILURES.replace("{attempts}", table_of("attempts", day))):
            client.execute(statement, parameters)
    return len(numbers)


def table_of(parent: str, day: datetime) -> str:
    """Return the name of the partition of a day."""
    return f"{parent}_{day:%Y%m%d}"


def _parameters(plan: Plan, cast: Cast, day: datetime) -> dict[str, object]:
    numbers = numbers_of(plan, cast, day)
    return {
        "environment": cast.environment,
        "first_tenant": cast.first_tenant,
        "first_source": cast.first_source,
        "last_source": cast.first_source + plan.sources - 1,
        "types": cast.types,
        "throttled": cast.codes["ThrottlingException"],
        "denied": cast.codes["AccessDeniedException"],
        "start": _start(plan, cast),
        "gap": plan.gap,
        "first": numbers.start,
        "last": numbers.stop - 1,
        "events": plan.events,
        "end_at": day + timedelta(days=1),
        "ends_at": cast.ends_at,
        "held_since": _milliseconds(cast.ends_at - timedelta(days=HELD_DAYS)),
        "waiting": plan.waiting,
        "a_tenant": plan.a_tenant,
        "others": plan.sources - 1,
        "bursts": BURSTS,
        "every": EVERY,
        "closed": list(CONDITIONS),
        "dead_every": DEAD_EVERY,
        "failed_every": FAILED_EVERY,
        "classes": [bound + 1 for bound in LATENCY_BOUNDS],
    }


def _load(cursor: psycopg.Cursor, parent: str, day: datetime, statement: str, parameters: dict[str, object]) -> None:
    """Write a day's rows: into its partition, or into a table that gets its indexes afterwards, which is faster."""
    table = table_of(parent, day)
    exists = cursor.execute("select to_regclass(%s)", [table]).fetchone() != (None,)
    if not exists:
        cursor.execute(
            f"create table {table} (like {parent} including defaults including constraints including storage)"
        )
    cursor.execute(statement.replace("{table}", table).replace("{{", "{").replace("}}", "}"), parameters)
    if exists:
        return
    if parent == "events":
        cursor.execute(f"alter table {table} add primary key (id)")
    for number, (definition,) in enumerate(cursor.execute(INDEXES, [parent]).fetchall()):
        cursor.execute(re.sub(r"INDEX \S+ ON (ONLY )?\S+", f"INDEX {table}_{number} ON {table}", definition, count=1))
    attach(cursor, parent, table, bounds_of(parent, day))


def _start(plan: Plan, cast: Cast) -> int:
    return _milliseconds(cast.ends_at) - plan.events * plan.gap


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
