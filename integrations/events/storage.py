"""Daily partitions and weekly idempotency tables: made a week ahead, and at once where one is missing."""

from datetime import UTC, datetime, timedelta
from math import ceil

import psycopg
from django.conf import settings
from psycopg import sql

from tenants.identifiers import lowest_uuid_of

DAYS_AHEAD = 7
ADVISORY_LOCK = 7_700_001  # one maker at a time
BY_EVENT_ID = ("events", "settled")


def make_ahead(connection: psycopg.Connection, now: datetime) -> None:
    """Make the tables of yesterday through a week ahead. Does nothing where they exist; safe to run twice at once.

    `connection` must be in autocommit. Raises LockNotAvailable when a long statement keeps a table locked.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("set local lock_timeout = '2s'")
        cursor.execute("select pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        existing = _existing(cursor)
        for day in (today + timedelta(days=offset) for offset in range(-1, DAYS_AHEAD + 1)):
            _make_day(cursor, day, existing)
        for weeks in range(-ceil(settings.IDEMPOTENCY_DAYS / 7), 2):
            _make_week(cursor, today + timedelta(weeks=weeks), existing)


def week_table(moment: datetime) -> str:
    """Return the name of the idempotency table of a moment: `idempotency_<ISO year>w<ISO week>`."""
    year, week, _ = moment.astimezone(UTC).isocalendar()
    return f"idempotency_{year}w{week:02}"


def missing_tables(connection: psycopg.Connection, now: datetime) -> list[str]:
    """Return the tables that ingest and publisher need at this moment and that are not there."""
    day = now.astimezone(UTC).strftime("%Y%m%d")
    needed = [f"{parent}_{day}" for parent in (*BY_EVENT_ID, "attempts")] + [week_table(now)]
    with connection.cursor() as cursor:
        existing = _existing(cursor)
    return [name for name in needed if name not in existing]


def _existing(cursor: psycopg.Cursor) -> set[str]:
    cursor.execute(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where c.relkind in ('r', 'p') and n.nspname = current_schema()"
    )
    return {name for (name,) in cursor.fetchall()}


def _make_day(cursor: psycopg.Cursor, day: datetime, existing: set[str]) -> None:
    following = day + timedelta(days=1)
    for parent in BY_EVENT_ID:
        _make_partition(cursor, parent, day, lowest_uuid_of(day), lowest_uuid_of(following), existing)
    _make_partition(cursor, "attempts", day, day, following, existing)


def _make_partition(
    cursor: psycopg.Cursor, parent: str, day: datetime, start: object, end: object, existing: set[str]
) -> None:
    name = f"{parent}_{day:%Y%m%d}"
    if name in existing:
        return
    # Made apart and attached: "create table ... partition of" would lock the parent against every reader and writer.
    cursor.execute(
        sql.SQL("create table {} (like {} including defaults including constraints including storage)").format(
            sql.Identifier(name), sql.Identifier(parent)
        )
    )
    cursor.execute(
        sql.SQL("alter table {} attach partition {} for values from ({}) to ({})").format(
            sql.Identifier(parent), sql.Identifier(name), sql.Literal(str(start)), sql.Literal(str(end))
        )
    )


def _make_week(cursor: psycopg.Cursor, moment: datetime, existing: set[str]) -> None:
    name = week_table(moment)
    if name not in existing:
        cursor.execute(
            sql.SQL("create table {} (key uuid primary key, event_id uuid not null, body bigint not null)").format(
                sql.Identifier(name)
            )
        )
