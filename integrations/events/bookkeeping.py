"""The small things that grow old: weekly tables of posted ids, and rollups."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from math import ceil

import psycopg
from django.conf import settings
from psycopg import sql
from psycopg.errors import LockNotAvailable

from integrations.events.keeping import LOCK_WAIT, when_free
from integrations.events.pruned import Action, Line, extent_of
from integrations.events.rollups import EVER, WATERMARK, minute_of
from integrations.events.storage import DAY, week_table

ROLLUPS = ("rollups", "rollup_failures")
BATCH = 10_000

WEEKS = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname = current_schema() and c.relname ~ '^idempotency_[0-9]{4}w[0-9]{2}$'
  and c.relname < %s order by 1
"""
# The rows of source 0 and of minute 0 are no minute's: they keep the books of the rollups themselves.
OLD_MINUTES = f"from {{table}} where minute > {EVER} and minute < %s and source_id <> {WATERMARK}"


def old_weeks(connection: psycopg.Connection, now: datetime) -> list[str]:
    """Return the weekly tables that no post asks any more, also of a host whose clock is a day behind."""
    oldest_asked = week_table(now - DAY - timedelta(weeks=ceil(settings.IDEMPOTENCY_DAYS / 7)))
    return [name for (name,) in connection.execute(WEEKS, [oldest_asked])]


def drop_weeks(connection: psycopg.Connection, now: datetime) -> Iterator[Line]:
    """Drop them, one line each."""
    for name in old_weeks(connection, now):
        line = week_line(connection, name)
        try:
            when_free(partial(_drop, connection, name))
        except LockNotAvailable:
            line = Line(name, Action.LEAVE, None, 0, "somebody reads it; the next run tries again")
        yield line


def week_line(connection: psycopg.Connection, name: str) -> Line:
    """Return what dropping a weekly table means."""
    rows, size, estimated = extent_of(connection, name)
    why = f"ids are remembered for {settings.IDEMPOTENCY_DAYS} days"
    return Line(name, Action.DROP, rows, size, why, estimated)


def delete_rollups(connection: psycopg.Connection, now: datetime) -> Iterator[Line]:
    """Delete the minutes older than ROLLUP_DAYS, some at a time."""
    for table in ROLLUPS:
        statement = f"delete from {{table}} where ctid in (select ctid {OLD_MINUTES} limit {BATCH})"  # noqa: S608
        while gone := connection.execute(_of(table, statement), [_first_kept_minute(now)]).rowcount:
            yield _rollup_line(table, gone)


def forecast_rollups(connection: psycopg.Connection, now: datetime) -> Iterator[Line]:
    """Count what `delete_rollups` would delete."""
    for table in ROLLUPS:
        statement = _of(table, f"select count(*) {OLD_MINUTES}")
        ((rows,),) = connection.execute(statement, [_first_kept_minute(now)]).fetchall()
        yield _rollup_line(table, rows)


def _rollup_line(table: str, rows: int) -> Line:
    return Line(table, Action.DELETE, rows, 0, f"minutes older than {settings.ROLLUP_DAYS} days")


def _first_kept_minute(now: datetime) -> int:
    return minute_of(now - timedelta(days=settings.ROLLUP_DAYS))


def _drop(connection: psycopg.Connection, name: str) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(f"set local lock_timeout = '{LOCK_WAIT}'")
        cursor.execute(sql.SQL("drop table {}").format(sql.Identifier(name)))


def _of(table: str, statement: str) -> sql.Composed:
    return sql.SQL(statement).format(table=sql.Identifier(table))
