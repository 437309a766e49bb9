"""How large the store is: its days and weeks, its queues, and the database as a whole."""

from dataclasses import dataclass

from django.db import connection

# What vacuum and analyze noted last. pg_total_relation_size and pg_database_size would look at every file, which takes
# seconds where a disk is busy and days are many, and the former waits for whoever has locked a table.
SIZES = """
with named as (
  select c.oid, c.reltoastrelid as toast, substring(c.relname from '_([0-9]{8})(?:_kept)?$') as day,
    coalesce(p.relname, case when c.relname ~ '^idempotency_' then 'idempotency' else c.relname end) as name
  from pg_class c left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
  where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and (
    p.relname in ('events', 'attempts', 'settled') or c.relname ~ '^idempotency_'
    or c.relname in ('pending', 'retry', 'dead', 'rollups'))
), heaps as (
  select name, oid from named union all select name, toast from named where toast <> 0
), files as (
  select name, oid from heaps union all select name, indexrelid from heaps join pg_index on indrelid = oid
), sizes as (
  select name, sum(relpages::bigint) as pages from files join pg_class using (oid) group by 1
), tables as (
  select name, count(*) as tables, min(day) as first, max(day) as last from named group by 1
)
select name, tables, pages * current_setting('block_size')::bigint, first, last from tables join sizes using (name)
union all
select 'database', 1, sum(relpages::bigint) * current_setting('block_size')::bigint, null, null
from pg_class where not relisshared and relkind in ('r', 'i', 't', 'm')
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
    """Return the sizes as vacuum and analyze noted them last, largest first, the whole database before its parts."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        found = [Stored(name, tables, int(size), first, last) for name, tables, size, first, last in cursor.fetchall()]
    return sorted(found, key=lambda each: (each.name != "database", -each.bytes))
