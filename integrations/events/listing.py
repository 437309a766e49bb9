"""Lists of events, newest first, page by page: every page costs about the same, however many events there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from integrations.events.candidates import HIGHEST, Question, newest
from integrations.events.deliveries import Delivery, deliveries_of, overall_state
from tenants.identifiers import moment_of

ROUNDS = 4  # of candidates, each twice as many as before, until a page is full
CHUNK = 200  # events of a whole list that are asked for at once

# The bounds spare the planner the days in which none of them is.
EVENTS = """
select e.id, e.environment_id, e.tenant_id, t.name, e.disposition, e.caller_id
from events e join event_types t on t.id = e.type_id
where e.id = any(%(ids)s) and e.id between %(oldest)s and %(newest)s order by e.id desc
"""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event in a list. `reason` belongs to the delivery whose state stands for the event's."""

    event_id: UUID
    environment_id: int
    tenant_id: int
    caller_id: str | None
    type: str
    received_at: datetime
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list. It may be short, even empty, and yet have `older`: below that id the search goes on."""

    rows: list[EventRow]
    older: UUID | None


def list_events(question: Question, *, below: UUID | None = None, limit: int = 50) -> Page:
    """Return the newest events that answer the question, from those whose id is below `below`.

    With a source, an event's state is that of its delivery to this source, and events without one are left out.
    """
    rows: list[EventRow] = []
    older: UUID | None = below or HIGHEST
    for turn in range(ROUNDS):
        assert older is not None
        wanted = (limit + 1) << turn
        found = newest(question, below=older, wanted=wanted)
        rows += [row for row in rows_of(found.ids, question) if question.state in (None, row.state)]
        older = found.older
        if len(rows) > limit:
            return Page(rows[:limit], rows[limit - 1].event_id)
        if older is None or len(found.ids) < wanted:  # a whole stretch was searched: the most that a page may cost
            break
    return Page(rows, older)


def every_event(question: Question, *, below: UUID | None = None) -> Iterator[EventRow]:
    """Yield all events that answer the question, newest first, a bounded statement at a time."""
    while True:
        page = list_events(question, below=below, limit=CHUNK)
        yield from page.rows
        if page.older is None:
            return
        below = page.older


def rows_of(event_ids: list[UUID], question: Question) -> Iterator[EventRow]:
    """Yield these events as rows, newest first: those of the question's environment, tenants and source."""
    found = [event for event in _events(event_ids) if _is_in_scope(question, event[1], event[2])]
    deliveries: dict[UUID, list[Delivery]] = {}
    for delivery in deliveries_of([(event_id, tenant_id) for event_id, _, tenant_id, *_ in found]):
        if question.source is None or delivery.source_id == question.source.pk:
            deliveries.setdefault(delivery.event_id, []).append(delivery)
    for event_id, environment_id, tenant_id, name, disposition, caller_id in found:
        states = dict(each.state for each in deliveries.get(event_id, []) if each.state)
        if question.source is None or states:
            state = overall_state(disposition, list(states))
            moment, reason = moment_of(event_id), states.get(state)
            yield EventRow(event_id, environment_id, tenant_id, caller_id, name, moment, state, reason)


def _events(event_ids: list[UUID]) -> list[tuple[UUID, int, int, str, int, str | None]]:
    if not event_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, {"ids": event_ids, "oldest": min(event_ids), "newest": max(event_ids)})
        rows: list[tuple[UUID, int, int, str, int, str | None]] = cursor.fetchall()
    return rows


def _is_in_scope(question: Question, environment_id: int, tenant_id: int) -> bool:
    """The wall: whatever named the event, it is shown to nobody whose question does not reach it."""
    return (
        question.environment_id in (None, environment_id)
        and (question.tenant_ids is None or tenant_id in question.tenant_ids)
        and (question.source is None or question.source.tenant_id == tenant_id)
    )
