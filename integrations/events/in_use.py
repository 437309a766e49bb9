"""What of the past is in use: events that a pending, retried or dead delivery still needs, and those sent lately.

Nobody but a replay makes a delivery of an old event. It and prune exclude each other by an advisory lock, so that no
event goes between a replay's look and its commit.
"""

from uuid import UUID

from psycopg import Cursor

from integrations.locks import REFERENCES_LOCK

LOWEST = UUID(int=0)

# One statement: a delivery that moves from one table to another meanwhile is seen in one of them.
# The keys begin with the source, and PostgreSQL 18 skips from source to source inside the index.
IN_RANGE = """
select event_id from pending where event_id >= %(start)s and event_id < %(end)s
union select event_id from retry where event_id >= %(start)s and event_id < %(end)s
union select event_id from dead where event_id >= %(start)s and event_id < %(end)s
union select event_id from attempts where event_id >= %(start)s and event_id < %(end)s and at >= %(sent_since)s
"""

# The same of one event `e`, by its tenant's sources: deliveries are never made for others. Scalar subqueries, because
# an EXISTS may be answered by reading all attempts of the last weeks into a hash.
OF_EVENT = """
(select 1 from sources_source s where s.tenant_id = e.tenant_id and (
    (select 1 from pending x where x.source_id = s.id and x.event_id = e.id) is not null
    or (select 1 from retry x where x.source_id = s.id and x.event_id = e.id) is not null
    or (select 1 from dead x where x.source_id = s.id and x.event_id = e.id) is not null) limit 1) is not null
or (select 1 from attempts a where a.event_id = e.id and a.at >= %(sent_since)s limit 1) is not null
"""


def protect_references(cursor: Cursor) -> None:
    """Keep prune away until the transaction ends: first statement of whatever makes deliveries of stored events.

    What a later statement of the same transaction finds in `events` then stays.
    """
    cursor.execute("select pg_advisory_xact_lock_shared(%s)", [REFERENCES_LOCK])


def exclude_new_references(cursor: Cursor) -> None:
    """Let nobody make deliveries of stored events until the transaction ends."""
    cursor.execute("select pg_advisory_xact_lock(%s)", [REFERENCES_LOCK])
