"""The feed of changes: every change of a source's state, in an order in which nothing appears later further up.

Ids cannot be that order: a transaction may commit after another one that began later, and whoever had read up to the
higher id would never see the lower one. So a change gets its `position` afterwards, when it is committed for everybody
to see, from one caller at a time. Transaction ids would do without the update, but begin anew in a restored database.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from integrations.locks import CHANGES_LOCK
from integrations.registration.models import Environment
from integrations.sources.models import SourceChange

AT_ONCE = 5_000

# Locked in a statement of its own: the next one must see what the last holder of the lock committed.
LOCK = "select pg_advisory_xact_lock(%s)"
NUMBER = """
with fresh as (
    select c.id, s.environment_id from sources_sourcechange c join sources_source s on s.id = c.source_id
    where c.position is null order by c.id limit %s
), numbered as (
    select id, environment_id, row_number() over (partition by environment_id order by id) as nth from fresh
), latest as (
    select e.environment_id, coalesce((
        select max(position) from sources_sourcechange c where c.environment_id = e.environment_id
    ), 0) as position
    from (select distinct environment_id from fresh) e
)
update sources_sourcechange c set environment_id = n.environment_id, position = l.position + n.nth
from numbered n join latest l using (environment_id) where c.id = n.id
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the feed: `next` is the cursor behind it."""

    changes: Sequence[SourceChange]
    next: int
    more: bool


def changes_after(environment: Environment, position: int, limit: int) -> Stretch:
    """Return the environment's changes behind this position, the oldest first, with source and tenant."""
    _number()
    found = list(
        SourceChange.objects.filter(environment=environment, position__gt=position)
        .select_related("source__tenant")
        .order_by("position")[: limit + 1]
    )
    shown = found[:limit]
    reached = shown[-1].position if shown else position
    return Stretch(shown, int(reached or 0), len(found) > limit)


def _number() -> None:
    """Give what was committed since the last call its positions."""
    if not SourceChange.objects.filter(position=None).exists():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, [CHANGES_LOCK])
        cursor.execute(NUMBER, [AT_ONCE])
