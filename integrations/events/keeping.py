"""Dropping a day: what is still in use of it is copied aside, and in one short transaction takes the day's place.

Copying locks nobody out and may end anywhere: what is copied is not attached yet, and the next run goes on with it.
The swap needs the parent for itself. While it waits for that, everybody else waits behind it; so it gives up after
LOCK_WAIT, comes back a few times, and leaves the day to the next run. `DETACH ... CONCURRENTLY` would not have to wait
in front of others, but cannot be in one transaction with the attaching: events in use would be away in between.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

import psycopg
from psycopg import sql
from psycopg.errors import LockNotAvailable

from integrations.events import in_use, storage
from integrations.events.storage import DayTable
from tenants.identifiers import lowest_uuid_of

LOCK_WAIT = "200ms"  # also below deadlock_timeout, so that a vacuum is not made to give way
PAUSES = (0.5, 1.0, 2.0)  # seconds between the tries for the lock
SLICE = 20_000  # events copied by one statement, were they spread evenly over the day
MOST_SLICES = 1_440
KEYS = {"events": "id", "settled": "event_id", "attempts": "at"}
WITHIN = "{key} >= {start} and {key} < {end}"

COPY_EVENTS = """
insert into {kept} select e.* from ({in_use}) u join {day} e on e.id = u.event_id
where not exists (select 1 from {kept} k where k.id = e.id)
"""
COUNT_EVENTS = "select count(*) from ({in_use}) u"
# These days of events have gone by now: what is left of them was kept.
COPY_ATTEMPTS = "insert into {kept} select a.* from events e join {day} a on a.event_id = e.id where e.id < %(end)s"
SAME_COLUMNS = """
select array_agg((attname, atttypid)::text order by attnum) filter (where attrelid = %(one)s::regclass)
  = array_agg((attname, atttypid)::text order by attnum) filter (where attrelid = %(other)s::regclass)
from pg_attribute where attrelid in (%(one)s::regclass, %(other)s::regclass) and attnum > 0 and not attisdropped
"""

Result = TypeVar("Result")


def copy_events(connection: psycopg.Connection, day: DayTable, sent_since: datetime) -> Iterator[int]:
    """Copy what is in use of a day of events aside; yield after each slice how many were copied.

    May be left anywhere and called again.
    """
    _make_kept(connection, day, continued=True)
    for start, end in _slices(connection, day, sent_since):
        with connection.cursor() as cursor:
            yield _copy_events(cursor, day, start, end, sent_since)
    connection.execute(_formatted("analyze {kept}", day))


def swap_events(connection: psycopg.Connection, day: DayTable, sent_since: datetime) -> int:
    """Drop a day of events and put what was copied in its place, with what came into use since.

    Returns the number of kept events. Raises LockNotAvailable when somebody reads or writes for too long.
    """

    def swap() -> int:
        with locked(connection, day) as cursor:
            _copy_events(cursor, day, day.day, day.end, sent_since)
            return _take_its_place(cursor, day)

    return when_free(swap)


def keep_attempts(connection: psycopg.Connection, day: DayTable) -> int:
    """Drop a day of attempts, and keep those whose event exists; return their number.

    The days of events up to the following one must have been dropped: the clock that made an id may have been ahead of
    the one that wrote the attempt. Raises LockNotAvailable like `swap_events`. Attempts have no key by
    which half a copy could be continued: what an earlier run left is thrown away. They do not change any more.
    """
    _make_kept(connection, day, continued=False)
    connection.execute(_formatted(COPY_ATTEMPTS, day), {"end": lowest_uuid_of(day.end + storage.DAY)})

    def swap() -> int:
        with locked(connection, day) as cursor:
            return _take_its_place(cursor, day)

    return when_free(swap)


def drop_unused(connection: psycopg.Connection, table: DayTable, *, only_empty: bool) -> bool:
    """Drop a table; with `only_empty` not if it has a row. Return whether it went. Raises LockNotAvailable."""

    def drop() -> bool:
        with locked(connection, table) as cursor:
            if only_empty and not _is_empty(cursor, table.name):
                return False
            cursor.execute(_formatted("drop table {day}", table))
            return True

    return when_free(drop)


@contextmanager
def locked(connection: psycopg.Connection, table: DayTable) -> Iterator[psycopg.Cursor]:
    """A transaction that has the table and its parent for itself, and in which no new references appear."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(f"set local lock_timeout = '{LOCK_WAIT}'")
        in_use.exclude_new_references(cursor)
        # The parent first, as everybody does who comes by way of it. Then only a vacuum can be at the table itself.
        cursor.execute(_formatted("lock table only {parent} in access exclusive mode", table))
        cursor.execute(_formatted("lock table {day} in access exclusive mode nowait", table))
        yield cursor


def when_free(action: Callable[[], Result]) -> Result:
    """Do it as soon as the locks are free. Raises LockNotAvailable when they are not after some tries."""
    for pause in PAUSES:
        try:
            return action()
        except LockNotAvailable:
            time.sleep(pause)
    return action()


def _make_kept(connection: psycopg.Connection, day: DayTable, *, continued: bool) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s)", [day.kept_name])
        if cursor.fetchone() != (None,):
            if continued and _has_the_columns(cursor, day):
                return
            cursor.execute(_formatted("drop table {kept}", day))
        # With indexes and bounds, so that attaching it neither builds nor scans.
        cursor.execute(_formatted("create table {kept} (like {parent} including all)", day))
        cursor.execute(_formatted("alter table {kept} add constraint kept_day check (" + WITHIN + ")", day))


def _has_the_columns(cursor: psycopg.Cursor, day: DayTable) -> bool:
    """Whether half a copy is of the present release: a migration may have added a column since it was begun."""
    cursor.execute(SAME_COLUMNS, {"one": day.kept_name, "other": day.parent})
    return cursor.fetchone() == (True,)


def _slices(connection: psycopg.Connection, day: DayTable, sent_since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield stretches of the day that one statement can copy without holding a snapshot for long."""
    ((in_use_now,),) = connection.execute(
        _formatted(COUNT_EVENTS, day), _range(day.day, day.end, sent_since)
    ).fetchall()
    slices = min(in_use_now // SLICE + 1, MOST_SLICES)
    starts = [day.day + n * storage.DAY / slices for n in range(slices)] + [day.end]
    yield from pairwise(starts)


def _copy_events(cursor: psycopg.Cursor, day: DayTable, start: datetime, end: datetime, sent_since: datetime) -> int:
    return cursor.execute(_formatted(COPY_EVENTS, day), _range(start, end, sent_since)).rowcount


def _range(start: datetime, end: datetime, sent_since: datetime) -> dict[str, object]:
    return {"start": lowest_uuid_of(start), "end": lowest_uuid_of(end), "sent_since": sent_since}


def _take_its_place(cursor: psycopg.Cursor, day: DayTable) -> int:
    cursor.execute(_formatted("drop table {day}", day))
    cursor.execute(_formatted("select count(*) from {kept}", day))
    ((kept,),) = cursor.fetchall()
    if kept:
        storage.attach(cursor, day.parent, day.kept_name, day.bounds)
    else:
        cursor.execute(_formatted("drop table {kept}", day))
    return int(kept)


def _is_empty(cursor: psycopg.Cursor, name: str) -> bool:
    cursor.execute(sql.SQL("select exists (select 1 from {})").format(sql.Identifier(name)))
    return cursor.fetchone() == (False,)


def _formatted(statement: str, table: DayTable) -> sql.Composed:
    start, end = table.bounds
    return sql.SQL(statement).format(
        parent=sql.Identifier(table.parent),
        day=sql.Identifier(table.name),
        kept=sql.Identifier(table.kept_name),
        key=sql.Identifier(KEYS[table.parent]),
        start=sql.Literal(start),
        end=sql.Literal(end),
        in_use=sql.SQL(in_use.IN_RANGE),
    )
