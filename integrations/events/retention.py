"""Prune: what is older than an environment's retention goes, except what is in use; in the order of this module.

Events first and then what speaks of them, so that an attempt never goes before its event. Every step is committed by
itself and found undone by the next run, so a run may end anywhere: killed, out of time, or because somebody reads a
table for hours.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import psycopg
import structlog
from django.conf import settings
from psycopg.errors import LockNotAvailable

from integrations.events import bookkeeping, expiry, keeping
from integrations.events.periods import Retention, read_retention
from integrations.events.pruned import Action, Line, Report, extent_of
from integrations.events.storage import DayTable, day_tables
from integrations.locks import PRUNE_LOCK
from integrations.stopping import stop_requested
from tenants import audit
from tenants.audit import Actor

EVENTS_IN_USE = "in use: waiting, held, retried or dead, or sent lately"
ATTEMPTS_IN_USE = "their events are in use"
EVENTS_GONE = "the events of this day are gone"
EMPTIED = "nothing of it is in use any more"
# Only by way of the keys: a look at a day must cost what is in use of it, and not what the day holds, also while
# the statistics say that nothing does.
OPTIONS = (
    "-c statement_timeout=55000 -c idle_in_transaction_session_timeout=30000 -c lock_timeout=2000"
    " -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
    " -c tcp_keepalives_idle=20 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4"
)

log = structlog.get_logger()


class AnotherPrune(Exception):
    """Only one at a time may prune. The text is a sentence for people."""


def prune(*, actor: Actor, now: datetime, seconds: float | None = None) -> Report:
    """Drop, keep aside and delete until all is done, or after `seconds` leave the rest to the next run.

    Raises AnotherPrune when one is at work already.
    """
    report = Report()
    with only_prune() as session:
        try:
            _work_off(_steps(session, read_retention(now)), report, seconds)
        finally:
            if report.changed:
                audit.record(
                    actor=actor,
                    action="storage:prune",
                    at=now,
                    object_type="storage",
                    object_id="events",
                    after=report.totals(),
                )
    return report


@contextmanager
def only_prune() -> Iterator[psycopg.Connection]:
    """A session of its own that is the only one to prune; a killed one's lock ends with it."""
    with open_session() as session:
        if session.execute("select pg_try_advisory_lock(%s)", [PRUNE_LOCK]).fetchone() != (True,):
            raise AnotherPrune("Another prune is at work. Try again when it is done.")
        try:
            yield session
        finally:
            with suppress(psycopg.Error):  # the end of a session frees its locks too, but a moment later
                session.execute("select pg_advisory_unlock(%s)", [PRUNE_LOCK])


def open_session() -> psycopg.Connection:
    """Return a new autocommit connection past any pooler, which plans for few rows out of many."""
    return psycopg.connect(
        settings.DATABASE_URL_DIRECT,
        autocommit=True,
        options=OPTIONS,
        application_name="partnerbus prune",
        connect_timeout=5,
        prepare_threshold=None,  # a plan for all partitions would lock and ask each of them
    )


def _work_off(steps: Iterator[Line], report: Report, seconds: float | None) -> None:
    give_up_at = None if seconds is None else time.monotonic() + seconds
    for line in steps:
        report.add(line)
        if line.action in (Action.DROP, Action.LEAVE):
            log.info("prune", table=line.table, action=str(line.action), rows=line.rows, bytes=line.bytes, why=line.why)
        if stop_requested.is_set() or (give_up_at is not None and time.monotonic() > give_up_at):
            return
    report.finished = True


def _steps(session: psycopg.Connection, retention: Retention) -> Iterator[Line]:
    """Yield a line after every committed step, also after one that changed nothing."""
    yield from _events(session, retention)
    yield from _single_events(session, retention)
    yield from _emptied(session, "events")
    yield from _settled(session, retention)
    yield from _attempts(session, retention)
    yield from _emptied(session, "attempts")
    yield from bookkeeping.drop_weeks(session, retention.now)
    yield from bookkeeping.delete_rollups(session, retention.now)


def _events(session: psycopg.Connection, retention: Retention) -> Iterator[Line]:
    for day in events_to_drop(session, retention):
        rows, size, estimated = extent_of(session, day.name)
        copying = keeping.copy_events(session, day, retention.longest_since)
        yield from (Line(day.kept_name, Action.KEEP, 0, 0, "") for _ in copying)
        try:
            kept = keeping.swap_events(session, day, retention.longest_since)
        except LockNotAvailable:
            yield _busy(day)
            return  # whoever reads this day keeps us from the others too
        yield Line(day.name, Action.DROP, rows, size, retention.why_all, estimated)
        yield Line(day.kept_name, Action.KEEP, kept, 0, EVENTS_IN_USE)


def _single_events(session: psycopg.Connection, retention: Retention) -> Iterator[Line]:
    tables = tables_to_thin(session, retention)
    pairs = [(table, each) for table in tables for each in retention.expired_at(table.end)]
    random.shuffle(pairs)  # a run that is cut short shall not leave out the same ones as the last one
    for table, period in pairs:
        deleting = expiry.delete_expired(session, table, period.environment_id, retention.since(period))
        try:
            for gone in deleting:
                yield Line(table.name, Action.DELETE, gone, 0, period.why)
        except LockNotAvailable:
            yield _busy(table)
            return  # a replay is long at work, or somebody locks a table


def _emptied(session: psycopg.Connection, parent: str) -> Iterator[Line]:
    for table in day_tables(session):
        if table.parent == parent and table.kept and table.attached:
            yield from _drop(session, table, EMPTIED, only_empty=True)


def _settled(session: psycopg.Connection, retention: Retention) -> Iterator[Line]:
    for table in settled_to_drop(session, retention):
        yield from _drop(session, table, EVENTS_GONE)


def _attempts(session: psycopg.Connection, retention: Retention) -> Iterator[Line]:
    for day in attempts_to_drop(session, retention):
        rows, size, estimated = extent_of(session, day.name)
        try:
            kept = keeping.keep_attempts(session, day)
        except LockNotAvailable:
            yield _busy(day)
            return
        yield Line(day.name, Action.DROP, rows, size, retention.why_all, estimated)
        yield Line(day.kept_name, Action.KEEP, kept, 0, ATTEMPTS_IN_USE)


def events_to_drop(session: psycopg.Connection, retention: Retention) -> list[DayTable]:
    """Return the days of events that have expired for every environment."""
    return [table for table in whole_days(session, "events") if retention.expired_for_all(table.end)]


def tables_to_thin(session: psycopg.Connection, retention: Retention) -> list[DayTable]:
    """Return the tables from which single events are deleted: not the days that go as a whole, once they are free."""
    return [
        table
        for table in day_tables(session)
        if table.parent == "events" and table.attached and (table.kept or not retention.expired_for_all(table.end))
    ]


def settled_to_drop(session: psycopg.Connection, retention: Retention) -> list[DayTable]:
    """Return the expired days of which no event is left: a kept event needs the table in case it settles."""
    with_events = {table.day for table in day_tables(session) if table.parent == "events"}
    return [
        table
        for table in whole_days(session, "settled")
        if retention.expired_for_all(table.end) and table.day not in with_events
    ]


def attempts_to_drop(session: psycopg.Connection, retention: Retention) -> list[DayTable]:
    """Return the expired days of attempts whose events have been dropped or kept aside, the following day's too."""
    first = min((table.day for table in whole_days(session, "events")), default=retention.now)
    return [
        table for table in whole_days(session, "attempts") if retention.expired_for_all(table.end) and table.end < first
    ]


def whole_days(session: psycopg.Connection, parent: str) -> list[DayTable]:
    """Return a parent's partitions that were never pruned."""
    return [table for table in day_tables(session) if table.parent == parent and table.attached and not table.kept]


def _drop(session: psycopg.Connection, table: DayTable, why: str, *, only_empty: bool = False) -> Iterator[Line]:
    rows, size, estimated = extent_of(session, table.name)
    try:
        if keeping.drop_unused(session, table, only_empty=only_empty):
            yield Line(table.name, Action.DROP, rows, size, why, estimated)
    except LockNotAvailable:
        yield _busy(table)


def _busy(table: DayTable) -> Line:
    return Line(table.name, Action.LEAVE, None, 0, "somebody uses it; the next run tries again")
