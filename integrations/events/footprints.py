"""How much an event weighs and how often it was sent: what a list adds to the rows of one page."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from integrations.events.deliveries import attempted_from

# The bounds spare the planner the days in which none of them is.
FOOTPRINTS = """
select e.id, octet_length(e.wire),
  (select count(*) from attempts a where a.event_id = e.id and a.at >= %(attempted_from)s)
from events e where e.id = any(%(ids)s) and e.id between %(oldest)s and %(newest)s
"""


@dataclass(frozen=True, slots=True)
class Footprint:
    """`bytes`: what is stored, which is the entry for AWS without its source. `attempts`: over all its sources."""

    bytes: int
    attempts: int


def footprints_of(event_ids: Iterable[UUID]) -> dict[UUID, Footprint]:
    """Return the footprints of these events, in one statement."""
    ids = list(event_ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            FOOTPRINTS,
            {"ids": ids, "oldest": min(ids), "newest": max(ids), "attempted_from": attempted_from(min(ids))},
        )
        return {event_id: Footprint(size, attempts) for event_id, size, attempts in cursor.fetchall()}
