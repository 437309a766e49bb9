"""Daily partitions and weekly idempotency tables: made a week ahead, and at once where one is missing; and listed."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

import psycopg
from django.conf import settings
from psycopg import sql

from integrations.locks import STORAGE_LOCK
from tenants.identifiers import lowest_uuid_of

DAYS_AHEAD = 7
BY_EVENT_ID = ("events", "settled")
DAY = timedelta(days=1)
KEPT = "_kept"  # ends the name of the partition that has taken the place of a day which went
NAME = re.compile(rf"(events|settled|attempts)_(\d{{8}})({KEPT})?\Z")

DAY_TABLES = """
select c.relname, i.inhrelid is not null from pg_class c
join pg_namespace n on n.oid = c.relnamespace left join pg_inherits i on i.inhrelid = c.oid
where c.relkind = 'r' and n.nspname = current_schema() and c.relname ~ '^(events|settled|attempts)_[0-9]{8}'
order by c.relname
"""


@dataclass(frozen=True, slots=True)
class DayTable:
    """The table of one day (UTC). `kept`: what was kept aside when the day went. `attached`: a partition."""

    name: str
    parent: str
    day: datetime
    kept: bool
    attached: bool

    @property
    def end(self) -> datetime:
        return self.day + DAY

    @property
    def kept_name(self) -> str:
        return f"{self.parent}_{self.day:%Y%m%d}{KEPT}"

    @property
    def bounds(self) -> tuple[str, str]:
        return bounds_of(self.parent, self.day)


def make_ahead(connection: psycopg.Connection, now: datetime) -> None:
    """Make the tables of yesterday through a week ahead. Does nothing where they exist; safe to run twice at once.

    `connection` must be in autocommit. Raises LockNotAvailable when a long statement keeps a table locked.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("set local lock_timeout = '2s'")
        cursor.execute("select pg_advisory_xact_lock(%s)", [STORAGE_LOCK])
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


def day_tables(connection: psycopg.Connection) -> list[DayTable]:
    """Return the daily tables there are, oldest first within each parent; what is named otherwise is not ours."""
    found = (_day_table(name, attached) for name, attached in connection.execute(DAY_TABLES))
    return sorted((table for table in found if table), key=lambda table: (table.parent, table.day, table.kept))


def attach(cursor: psycopg.Cursor, parent: str, name: str, bounds: tuple[str, str]) -> None:
    """Make a table a partition. Its indexes are built here unless it has them."""
    cursor.execute(
        sql.SQL("alter table {} attach partition {} for values from ({}) to ({})").format(
            sql.Identifier(parent), sql.Identifier(name), *map(sql.Literal, bounds)
        )
    )


def bounds_of(parent: str, day: datetime) -> tuple[str, str]:
    """Return the bounds of a day's partition, the second one exclusive: of ids, or of moments for attempts."""
    if parent in BY_EVENT_ID:
        return str(lowest_uuid_of(day)), str(lowest_uuid_of(day + DAY))
    return str(day), str(day + DAY)


def _day_table(name: str, attached: bool) -> DayTable | None:
    if not (match := NAME.match(name)):
        return None
    parent, digits, kept = match.groups()
    with suppress(ValueError):  # a 31st of February is not ours
        day = datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC)
        return DayTable(name, parent, day, kept is not None, attached)
    return None


def _existing(cursor: psycopg.Cursor) -> set[str]:
    cursor.execute(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where c.relkind in ('r', 'p') and n.nspname = current_schema()"
    )
    return {name for (name,) in cursor.fetchall()}


def _make_day(cursor: psycopg.Cursor, day: datetime, existing: set[str]) -> None:
    for parent in (*BY_EVENT_ID, "attempts"):
        name = f"{parent}_{day:%Y%m%d}"
        if name not in existing:
            make_day_table(cursor, name, parent, day)


def make_day_table(cursor: psycopg.Cursor, name: str, parent: str, day: datetime) -> None:
    """Make the partition of a day. It must not exist."""
    # Made apart and attached: "create table ... partition of" would lock the parent against every reader and writer.
    cursor.execute(
        sql.SQL("create table {} (like {} including defaults including constraints including storage)").format(
            sql.Identifier(name), sql.Identifier(parent)
        )
    )
    attach(cursor, parent, name, bounds_of(parent, day))


def _make_week(cursor: psycopg.Cursor, moment: datetime, existing: set[str]) -> None:
    name = week_table(moment)
    if name not in existing:
        cursor.execute(
            sql.SQL("create table {} (key uuid primary key, event_id uuid not null, body bigint not null)").format(
                sql.Identifier(name)
            )
        )
