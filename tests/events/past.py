"""A store with a past: days that are long over, and events that were posted and sent in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from integrations.events import storage
from integrations.events.pruned import Report
from integrations.events.retention import prune
from tenants.audit import Actor
from tests.events.conftest import rows
from tests.events.publishing import Store, event

ACTOR = Actor.system("test")


@contextmanager
def past(*days_ago: int) -> Iterator[None]:
    """Make the tables of these days, and remove all of the past afterwards."""
    with connection.cursor() as cursor:
        for days in days_ago:
            day = noon(days).replace(hour=0)
            for parent in ("events", "settled", "attempts"):
                storage.make_day_table(cursor, f"{parent}_{day:%Y%m%d}", parent, day)
    try:
        yield
    finally:
        yesterday = timezone.now() - timedelta(days=2)
        for table in storage.day_tables(connection.connection):
            if table.day < yesterday or not table.attached:
                execute(f"drop table {table.name}")
        for (week,) in rows("select relname from pg_class where relname ~ '^idempotency_[0-9]{4}w[0-9]{2}$'"):
            if week < storage.week_table(timezone.now() - timedelta(weeks=2)):
                execute(f"drop table {week}")


def execute(statement: str, *parameters: object) -> None:
    """Do what answers no rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)


def noon(days_ago: int) -> datetime:
    """Return noon of the day so many days before today."""
    return (timezone.now() - timedelta(days=days_ago)).replace(hour=12, minute=0, second=0, microsecond=0)


def posted(store_events: Store, at: datetime, tenant: str = "alder") -> UUID:
    """Store an event and make it as old as if it had been posted at that moment, with its delivery."""
    fresh = UUID(str(store_events(event(tenant=tenant))[0].event_id))
    old = UUID(int=int(at.timestamp() * 1000) << 80 | fresh.int & (1 << 80) - 1)
    execute("update events set id = %s where id = %s", old, fresh)
    execute("update pending set event_id = %s where event_id = %s", old, fresh)
    return old


def sent(event_id: UUID, at: datetime) -> None:
    """Let its deliveries have been accepted at that moment."""
    execute(
        "with gone as (delete from pending where event_id = %s returning source_id, event_id)"
        " insert into attempts (event_id, source_id, at, code, tries, ms, bytes, observed)"
        " select event_id, source_id, %s, 0, 1, 7, 100, 3 from gone",
        event_id,
        at,
    )


def buried(event_id: UUID) -> None:
    """Let its deliveries be dead letters."""
    execute(
        "with gone as (delete from pending where event_id = %s returning source_id, event_id)"
        " insert into dead (source_id, event_id, at, code, tries) select source_id, event_id, now(), 1, 1 from gone"
        "",
        event_id,
    )


def tables(parent: str) -> set[str]:
    """Return the daily tables of a parent that are older than yesterday."""
    connection.ensure_connection()
    two_days_ago = timezone.now() - timedelta(days=2)
    found = storage.day_tables(connection.connection)
    return {table.name for table in found if table.parent == parent and table.day < two_days_ago}


def named(parent: str, days_ago: int, kept: str = "") -> str:
    return f"{parent}_{noon(days_ago):%Y%m%d}{kept}"


def stored() -> set[UUID]:
    return {event_id for (event_id,) in rows("select id from events")}


def run() -> Report:
    return prune(actor=ACTOR, now=timezone.now())


def lines(report: Report) -> set[tuple[str, str, int | None]]:
    return {(line.table, str(line.action), line.rows) for line in report.lines}
