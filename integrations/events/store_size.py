"""How large the store is: its days and weeks, its queues, and the database as a whole."""

from dataclasses import dataclass

from django.db import connection

SIZES = """
select p.relname, count(*), sum(pg_total_relation_size(c.oid))::bigint,
  min(right(c.relname, 8)), max(right(c.relname, 8))
from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
where p.relname in ('events', 'attempts', 'settled') and p.relkind = 'p' and c.relname ~ '_[0-9]{8}$'
group by 1
union all
select 'idempotency', count(*), sum(pg_total_relation_size(c.oid))::bigint, null, null
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname = current_schema() and c.relname ~ '^idempotency_'
union all
select name, 1, pg_total_relation_size(name::regclass), null, null
from unnest(array['pending', 'retry', 'dead', 'rollups']) as name
union all
select 'database', 1, pg_database_size(current_database()), null, null
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A kind of table: how many tables, their bytes with indexes, and their first and last day (yyyymmdd)."""

    name: str
    tables: int
    bytes: int
    first: str | None
    last: str | None


def stored() -> list[Stored]:
    """Return the sizes, largest first, the whole database before its parts."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        found = [Stored(name, tables, size or 0, first, last) for name, tables, size, first, last in cursor.fetchall()]
    return sorted(found, key=lambda each: (each.name != "database", -each.bytes))
