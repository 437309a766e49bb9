"""Deleting single events: of environments that keep theirs for less time than others, and of what was kept aside."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from uuid import UUID

import psycopg
from psycopg import sql

from integrations.events import in_use
from integrations.events.keeping import LOCK_WAIT, when_free
from integrations.events.storage import DAY, DayTable

WINDOW = 1_000  # events looked at in one transaction
TENANTS_AT_ONCE = 500

TENANTS = """
select t.id from tenants_tenant t join registration_environment e on e.directory_id = t.directory_id
where e.id = %s order by t.id
"""
# An event goes with its attempts and settled deliveries, and never one without the other.
DELETE = """
with looked_at as materialized (
  select tenant_id, id from {day} where tenant_id = any(%(tenants)s) and (tenant_id, id) > (%(tenant)s, %(event)s)
  order by tenant_id, id limit %(window)s
), unused as materialized (
  select tenant_id, id from looked_at e where not ({in_use})
), of_attempts as (
  delete from attempts a using unused u where a.event_id = u.id and a.at >= %(day)s and a.at < %(sent_since)s
), of_settled as (
  delete from {settled} z using unused u join sources_source s on s.tenant_id = u.tenant_id
  where z.source_id = s.id and z.event_id = u.id
), gone as (
  delete from {day} e using unused u where e.id = u.id returning 1
)
select (select count(*) from gone), tenant_id, id from looked_at order by tenant_id desc, id desc limit 1
"""


def delete_expired(
    connection: psycopg.Connection, table: DayTable, environment_id: int, sent_since: datetime
) -> Iterator[int]:
    """Delete an environment's events of this table that nothing uses; yield how many after each transaction.

    May be left anywhere and called again. Raises LockNotAvailable while a replay is long at work.
    """
    tenants = [tenant for (tenant,) in connection.execute(TENANTS, [environment_id])]
    for first in range(0, len(tenants), TENANTS_AT_ONCE):
        yield from _of_tenants(connection, table, tenants[first : first + TENANTS_AT_ONCE], sent_since)


def _of_tenants(
    connection: psycopg.Connection, table: DayTable, tenants: list[int], sent_since: datetime
) -> Iterator[int]:
    after: tuple[int, UUID] | None = (0, in_use.LOWEST)
    while after:
        gone, after = when_free(partial(_delete_window, connection, table, tenants, after, sent_since))
        yield gone


def _delete_window(
    connection: psycopg.Connection, table: DayTable, tenants: list[int], after: tuple[int, UUID], sent_since: datetime
) -> tuple[int, tuple[int, UUID] | None]:
    """Look at the next events; return how many went and where to go on, None at the end."""
    parameters = {
        "tenants": tenants,
        "tenant": after[0],
        "event": after[1],
        "window": WINDOW,
        "sent_since": sent_since,
        "day": table.day - DAY,  # the clock of the host that made the id may have been ahead
    }
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(f"set local lock_timeout = '{LOCK_WAIT}'")
        in_use.exclude_new_references(cursor)
        # A statement of its own, whose snapshot is younger than the lock.
        row = cursor.execute(_statement(table), parameters).fetchone()
    return (row[0], (row[1], row[2])) if row else (0, None)


def _statement(table: DayTable) -> sql.Composed:
    # A day's table of settled deliveries is there as long as its events.
    return sql.SQL(DELETE).format(
        day=sql.Identifier(table.name),
        settled=sql.Identifier(f"settled_{table.day:%Y%m%d}"),
        in_use=sql.SQL(in_use.OF_EVENT),
    )
