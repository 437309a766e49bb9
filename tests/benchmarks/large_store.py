"""A store of ten million events over thirty days, with attempts, queues and rollups, made inside the database.

`python -m tests.benchmarks.large_store [events]` fills the database of DATABASE_URL, or makes what is missing of it.
Half of all events are the first tenant's; the other sources have bursts. AWS knows none of them: let no publisher run.
"""

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from integrations.registration.models import Environment

DAYS = 30
TENANTS = 5_000
SOURCES_A_TENANT = 2
TYPES = 20
BURSTS = 12  # sources that are at work in one minute, beside the first tenant's
WORKERS = 2  # sessions at once
SLUG = "large-store"
NAMESPACE = "aws.partner/large-store.example.com.test"
HELD_EVERY, HELD = 20, 7  # of twenty tenants, one has not accepted its sources
HELD_DAYS = 2  # and its last days wait
WAITING = 20_000  # the newest events of the first tenant are on their way
DEAD_EVERY = 2_000
FAILED_EVERY = 40  # one of so many was refused once before AWS took it

Say = Callable[[str], None]

# Source 0 has every other event; of the others, each minute has its own twelve.
NUMBERED = """
create temporary table numbered on commit drop as
select n, ms, to_timestamp(ms / 1000.0) as at, source_number, %(first_source)s + source_number as source_id,
  (lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(n %% 4096), 3, '0') || '8' || left(md5(n::text), 15))::uuid as id,
  case when n %% 200 = 1 then 'filtered' when source_number = 0 and n >= %(events)s - 2 * %(waiting)s then
      case when n %% 40 = 0 then 'retry' else 'pending' end
    when source_number / %(a_tenant)s %% %(held_every)s = %(held)s and ms > %(held_since)s then 'pending'
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
    select source_id, id, now() + interval '1 day', 1, 0, %(throttled)s from numbered where fate = 'retry'""",
    """insert into dead (source_id, event_id, at, code, tries, message)
    select source_id, id, at, %(denied)s, 2, 'The simulated refusal of a simulated account.'
    from numbered where fate = 'dead'""",
)
INDEXES = "select pg_get_indexdef(indexrelid) from pg_index where indrelid = %s::regclass and not indisprimary"


@dataclass(frozen=True)
class Cast:
    """Whose events they are; keys of tenants and sources follow one another."""

    environment: int
    first_tenant: int
    first_source: int
    types: list[int]
    codes: dict[str, int]
    ends_at: datetime


def fill(connection: psycopg.Connection, events: int = 10_000_000, say: Say = print) -> int:
    """Make what is missing of the store, so that it can be called again, and return the environment's key.

    Django must be set up on the same database, and `connection` be in autocommit. Two to three minutes on two cores.
    """
    from integrations.events import storage

    storage.make_ahead(connection, datetime.now(UTC))
    cast = _cast(connection)
    days = [day for day in _days(cast) if not _is_there(connection, cast, day)]
    begun = time.monotonic()
    met = threading.Barrier(WORKERS, timeout=600)
    arguments = (connection.info, cast, events, days, met, say)
    workers = [threading.Thread(target=_work, args=arguments) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if missing := [day for day in _days(cast) if not _is_there(connection, cast, day)]:
        raise RuntimeError(f"The days from {missing[0]:%Y-%m-%d} on could not be made; see above.")
    _roll_up(connection, cast, say)
    connection.execute("vacuum (analyze) pending, retry, dead, rollups, rollup_failures")
    connection.execute("analyze only events, only attempts")
    say(f"large store: ready after {time.monotonic() - begun:.0f} s")
    return cast.environment


def _cast(connection: psycopg.Connection) -> Cast:
    from integrations.registration.models import Environment
    from integrations.sources.models import Source
    from tenants.models import Tenant

    environment = Environment.objects.filter(integration__slug=SLUG).first() or _make_cast()
    connection.execute(
        "insert into event_types (name) select 'order.' || n from generate_series(0, %s) n on conflict do nothing",
        [TYPES],
    )
    connection.execute(
        "insert into outcome_codes (code) select x from unnest(array['ThrottlingException', 'AccessDeniedException']) x"
        " where x not in (select code from outcome_codes)"
    )
    types = dict(connection.execute("select name, id from event_types where name like 'order.%'").fetchall())
    return Cast(
        environment=environment.pk,
        first_tenant=Tenant.objects.filter(directory=environment.directory_id).earliest("pk").pk,
        first_source=Source.objects.filter(environment=environment).earliest("pk").pk,
        types=[types[f"order.{n}"] for n in range(TYPES)],  # of order.20 there are none
        codes=dict(connection.execute("select code, id from outcome_codes").fetchall()),
        ends_at=environment.created_at,
    )


def _make_cast() -> "Environment":
    from django.db import transaction
    from django.utils import timezone

    from integrations.registration.integrations import EnvironmentSettings, create_integration
    from integrations.sources.models import Lane, Source
    from tenants.audit import Actor
    from tenants.models import Tenant

    now = timezone.now()
    regions = ["eu-west-1", "us-east-1"]
    settings = EnvironmentSettings(
        kind="test", namespace=NAMESPACE, publisher_account="111111111111", regions=regions, gate_policy="hold"
    )
    with transaction.atomic():
        actor = Actor.system("large store")
        created = create_integration(slug=SLUG, name="Large store", environments=[settings], actor=actor, now=now)
        environment = created.environments.get()
        tenants = Tenant.objects.bulk_create(
            Tenant(directory=environment.directory, external_id=f"t{n}", name=f"Tenant {n}", slug=f"t{n}")
            for n in range(TENANTS)
        )
        sources = Source.objects.bulk_create(
            Source(
                environment=environment,
                tenant=tenant,
                account="222222222222",
                region=region,
                label="orders",
                name=f"{NAMESPACE}/{tenant.slug}/{region}",
                observed="pending" if n % HELD_EVERY == HELD else "active",
                observed_at=now,
                provisioned_at=now,
            )
            for n, tenant in enumerate(tenants)
            for region in regions
        )
        Lane.objects.bulk_create(
            Lane(source=each, environment=environment, region=each.region, publishable=each.observed == "active")
            for each in sources
        )
    return environment


def _days(cast: Cast) -> Iterator[datetime]:
    first = (cast.ends_at - timedelta(days=DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=n) for n in range(DAYS + 1))


def _is_there(connection: psycopg.Connection, cast: Cast, day: datetime) -> bool:
    from integrations.events.storage import bounds_of

    question = "select exists (select from events where id >= %s and id < %s and environment_id = %s)"
    return connection.execute(question, [*bounds_of("events", day), cast.environment]).fetchone() == (True,)


def _work(
    where: psycopg.ConnectionInfo, cast: Cast, events: int, days: list[datetime], met: threading.Barrier, say: Say
) -> None:
    """Make one day after the other, each in a transaction, until none is left; then vacuum.

    Not before all are made: what is younger than another session's transaction would not be known to be visible to all.
    """
    made: list[datetime] = []
    with psycopg.connect(where.dsn, password=where.password or None, autocommit=True) as connection:
        connection.execute("set synchronous_commit = off")
        connection.execute("set maintenance_work_mem = '256MB'")
        connection.execute("set statement_timeout = 0")
        while days:
            day = days.pop()
            begun = time.monotonic()
            with connection.transaction(), connection.cursor() as cursor:
                _make_day(cursor, cast, events, day)
            made.append(day)
            say(f"large store: {day:%Y-%m-%d} in {time.monotonic() - begun:.1f} s, {len(days)} days left")
        met.wait()
        for table in (f"{parent}_{day:%Y%m%d}" for day in made for parent in ("events", "attempts")):
            connection.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(table)))


def _make_day(cursor: psycopg.Cursor, cast: Cast, events: int, day: datetime) -> None:
    start_at = cast.ends_at - timedelta(days=DAYS)
    start, gap = int(start_at.timestamp() * 1000), int(DAYS * 86_400_000 / events)
    first = max(0, -(-(int(day.timestamp() * 1000) - start) // gap))
    last = min(events, -(-(int(day.timestamp() * 1000) + 86_400_000 - start) // gap)) - 1
    parameters = {
        "environment": cast.environment,
        "first_tenant": cast.first_tenant,
        "first_source": cast.first_source,
        "types": cast.types,
        "throttled": cast.codes["ThrottlingException"],
        "denied": cast.codes["AccessDeniedException"],
        "start": start,
        "gap": gap,
        "first": first,
        "last": last,
        "events": events,
        "end_at": day + timedelta(days=1),
        "held_since": int((cast.ends_at - timedelta(days=HELD_DAYS)).timestamp() * 1000),
        "waiting": WAITING,
        "a_tenant": SOURCES_A_TENANT,
        "others": TENANTS * SOURCES_A_TENANT - 1,
        "bursts": BURSTS,
        "held_every": HELD_EVERY,
        "held": HELD,
        "dead_every": DEAD_EVERY,
        "failed_every": FAILED_EVERY,
    }
    client = psycopg.ClientCursor(cursor.connection)
    client.execute(NUMBERED, parameters)
    _load(client, "events", day, EVENTS.replace("{types}", str(TYPES)), parameters)
    _load(client, "attempts", day, ATTEMPTS, parameters)
    for statement in QUEUES:
        client.execute(statement, parameters)


def _load(cursor: psycopg.Cursor, parent: str, day: datetime, statement: str, parameters: dict[str, object]) -> None:
    """Write a day's rows: into its partition, or into a table that gets its indexes afterwards, which is faster."""
    from integrations.events.storage import attach, bounds_of

    table = f"{parent}_{day:%Y%m%d}"
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


def _roll_up(connection: psycopg.Connection, cast: Cast, say: Say) -> None:
    """Derive the rollups of the days, as the job would have done it minute by minute."""
    from integrations.events import rollups

    begun = time.monotonic()
    done = connection.execute("select max(minute) from rollups where source_id = %s", [-cast.environment]).fetchone()
    last = rollups.minute_of(cast.ends_at)
    if done is not None and done[0] is not None and done[0] >= last - 60:
        return
    for day in _days(cast):
        start = rollups.minute_of(day)
        rollups.replace_minutes(start, min(start + 1440, last))
    connection.execute("delete from rollups where source_id = %s", [rollups.WATERMARK])
    connection.execute("insert into rollups (source_id, minute) values (%s, %s)", [rollups.WATERMARK, last - 1])
    say(f"large store: rolled up in {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    import django

    django.setup()
    from django.conf import settings

    with psycopg.connect(settings.DATABASE_URL_DIRECT, autocommit=True) as session:
        fill(session, int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
