"""The dictionary of detail-types: four bytes in every event instead of a text."""

from collections.abc import Collection

import psycopg

_known: dict[str, int] = {}
MAX_KNOWN = 10_000


def ids_of(connection: psycopg.Connection, names: Collection[str]) -> dict[str, int]:
    """Return the id of each name, making those that are new. Remembers them for the life of the process."""
    # Answered from a dictionary of its own: another thread may clear the remembered one in between.
    found = {name: known for name in names if (known := _known.get(name)) is not None}
    if missing := sorted(set(names) - found.keys()):
        looked_up = _look_up(connection, missing)
        if len(_known) > MAX_KNOWN:
            _known.clear()
        _known.update(looked_up)
        found |= looked_up
    return found


def _look_up(connection: psycopg.Connection, names: list[str]) -> dict[str, int]:
    find = "select name, id from event_types where name = any(%s)"
    found: dict[str, int] = dict(connection.execute(find, [names]).fetchall())
    if len(found) < len(names):
        connection.execute(
            "insert into event_types (name) select unnest(%s::text[]) on conflict do nothing",
            [sorted(set(names) - found.keys())],
        )
        found = dict(connection.execute(find, [names]).fetchall())
    return found
