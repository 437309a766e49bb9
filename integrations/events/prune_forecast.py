"""What a prune would do at this moment, in figures, changing nothing: `manage.py prune --dry-run`."""

from collections.abc import Generator, Iterator
from datetime import datetime

import psycopg
from psycopg import sql

from integrations.events import bookkeeping, in_use, retention
from integrations.events.expiry import TENANTS
from integrations.events.periods import Period, Retention, read_retention
from integrations.events.pruned import Action, Line, Report, extent_of
from integrations.events.storage import DAY, DayTable
from tenants.identifiers import lowest_uuid_of

COUNT_LIMIT = 100_000  # of single events that would be deleted: counting more of them takes minutes

EVENTS_IN_USE = "select count(*) from ({in_range}) u join events e on e.id = u.event_id"
# Which attempts would be kept: those of events that would be, of this and the following day and all before.
ATTEMPTS_IN_USE = """
select count(*) from ({in_range}) u join events e on e.id = u.event_id join {table} t on t.event_id = u.event_id
"""
DELETABLE = """
select count(*) from (
  select 1 from {table} e where tenant_id = any(%(tenants)s) and not ({of_event}) limit %(limit)s) x
"""


def forecast(now: datetime) -> Report:
    """Return the lines of a prune at this moment. Safe beside one, and beside everything else."""
    report = Report(finished=True)
    with retention.open_session() as session:
        session.execute("set statement_timeout = 0")
        for line in _lines(session, read_retention(now)):
            report.add(line)
    return report


def _lines(session: psycopg.Connection, periods: Retention) -> Iterator[Line]:
    going = retention.events_to_drop(session, periods)
    left = set[datetime]()
    for table in going:
        kept = _in_use(session, _of(table, EVENTS_IN_USE), table.day, table.end, periods.longest_since)
        left |= {table.day} if kept else set()
        yield from _dropped(session, table, periods, kept, retention.EVENTS_IN_USE)
    for table in retention.tables_to_thin(session, periods):
        emptied = yield from _thinned(session, table, periods)
        left |= set() if emptied else {table.day}
    yield from _settled(session, periods, left)
    yield from _attempts(session, periods, going)
    for week in bookkeeping.old_weeks(session, periods.now):
        yield bookkeeping.week_line(session, week)
    yield from bookkeeping.forecast_rollups(session, periods.now)


def _dropped(
    session: psycopg.Connection, table: DayTable, periods: Retention, kept: int, why_kept: str
) -> Iterator[Line]:
    rows, size, estimated = extent_of(session, table.name)
    yield Line(table.name, Action.DROP, rows, size, periods.why_all, estimated)
    yield Line(table.kept_name, Action.KEEP, kept, 0, why_kept)


def _thinned(session: psycopg.Connection, table: DayTable, periods: Retention) -> Generator[Line, None, bool]:
    """Yield what would be deleted of single events; say whether nothing would be left of a table that was kept."""
    deleted = 0
    for period in periods.expired_at(table.end):
        rows = _deletable(session, table, period, periods.since(period))
        deleted += rows
        yield Line(table.name, Action.DELETE, rows, 0, period.why, estimated=rows == COUNT_LIMIT)
    if not table.kept:
        return False
    rows, size, _ = extent_of(session, table.name)
    if deleted == rows:
        yield Line(table.name, Action.DROP, 0, size, retention.EMPTIED)
    return deleted == rows


def _settled(session: psycopg.Connection, periods: Retention, days_left: set[datetime]) -> Iterator[Line]:
    for table in retention.whole_days(session, "settled"):
        if periods.expired_for_all(table.end) and table.day not in days_left:
            rows, size, estimated = extent_of(session, table.name)
            yield Line(table.name, Action.DROP, rows, size, retention.EVENTS_GONE, estimated)


def _attempts(session: psycopg.Connection, periods: Retention, going: list[DayTable]) -> Iterator[Line]:
    staying = [table.day for table in retention.whole_days(session, "events") if table not in going]
    first = min(staying, default=periods.now)
    for table in retention.whole_days(session, "attempts"):
        if periods.expired_for_all(table.end) and table.end < first:
            kept = _in_use(session, _of(table, ATTEMPTS_IN_USE), None, table.end + DAY, periods.longest_since)
            yield from _dropped(session, table, periods, kept, retention.ATTEMPTS_IN_USE)


def _in_use(
    session: psycopg.Connection,
    statement: sql.Composed,
    start: datetime | None,
    end: datetime,
    sent_since: datetime,
) -> int:
    lowest = lowest_uuid_of(start) if start else in_use.LOWEST
    parameters = {"start": lowest, "end": lowest_uuid_of(end), "sent_since": sent_since}
    ((count,),) = session.execute(statement, parameters).fetchall()
    return int(count)


def _deletable(session: psycopg.Connection, table: DayTable, period: Period, sent_since: datetime) -> int:
    tenants = [tenant for (tenant,) in session.execute(TENANTS, [period.environment_id])]
    parameters = {"tenants": tenants, "sent_since": sent_since, "limit": COUNT_LIMIT}
    ((count,),) = session.execute(_of(table, DELETABLE), parameters).fetchall()
    return int(count)


def _of(table: DayTable, statement: str) -> sql.Composed:
    return sql.SQL(statement).format(
        table=sql.Identifier(table.name), in_range=sql.SQL(in_use.IN_RANGE), of_event=sql.SQL(in_use.OF_EVENT)
    )
