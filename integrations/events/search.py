"""Search: an event by whatever id somebody has of it - ours, the caller's, AWS's of the event or of the request."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from integrations.events.candidates import Question
from integrations.events.idempotency import key_of
from integrations.events.listing import EventRow, rows_of
from integrations.registration.models import Environment

MOST = 200  # a call has 20 entries; anything else that names more than this is no id

# The planner knows nothing of Bloom filters in block ranges: for random ids it takes them for useless, and reads every
# attempt there is.
WITH_BLOOM_FILTERS = "set local enable_seqscan = off"
BY_AWS_ID = "select event_id from attempts where aws_id = %(id)s limit %(most)s"
BY_REQUEST_ID = "select event_id from attempts where request_id = %(id)s limit %(most)s"
BY_EITHER = f"({BY_AWS_ID}) union all ({BY_REQUEST_ID})"
WEEKS = r"""
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname = current_schema() and c.relname ~ '^idempotency_[0-9]{4}w[0-9]{2}$'
order by c.relname
"""


def find_anything(term: str, question: Question) -> list[EventRow]:
    """Return the events of the question's scope that this id means, newest first; whichever kind of id it is."""
    term = term.strip()
    identifier = _uuid(term)
    if identifier and (rows := list(rows_of([identifier], question))):
        return rows  # nobody else's id is the same, and every day would have to be searched for it
    ids = set(ids_of_caller_id(term, question.environment_id))
    if identifier:
        ids |= set(_ids_at_aws(BY_EITHER, identifier))
    return list(rows_of(sorted(ids), question))


def ids_of_aws_id(aws_id: UUID) -> list[UUID]:
    """Return the events that AWS accepted under this EventId."""
    return _ids_at_aws(BY_AWS_ID, aws_id)


def ids_of_request_id(request_id: UUID) -> list[UUID]:
    """Return the events that were sent in this call to AWS."""
    return _ids_at_aws(BY_REQUEST_ID, request_id)


def ids_of_caller_id(caller_id: str, environment_id: int | None) -> list[UUID]:
    """Return the events that were posted with this id, in one environment or in all of them, as far as ids are
    remembered: see `remembered_from`."""
    environments = [environment_id] if environment_id is not None else Environment.objects.values_list("pk", flat=True)
    weeks = _weeks()
    if not weeks:
        return []
    union = " union all ".join(f"select event_id from {week} where key = any(%(keys)s)" for week in weeks)  # noqa: S608
    return _ids(union, {"keys": [UUID(bytes=key_of(environment, caller_id)) for environment in environments]})


def remembered_from() -> datetime | None:
    """Return the moment since which callers' ids are remembered; older events are found by searching them."""
    weeks = _weeks()
    if not weeks:
        return None
    year, week = weeks[0].removeprefix("idempotency_").split("w")
    return datetime.fromisocalendar(int(year), int(week), 1).replace(tzinfo=UTC)


def _weeks() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(WEEKS)
        return [name for (name,) in cursor.fetchall()]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _ids_at_aws(statement: str, identifier: UUID) -> list[UUID]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WITH_BLOOM_FILTERS)
        return _ids(statement, {"id": identifier, "most": MOST})


def _ids(statement: str, parameters: Any) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return sorted({event_id for (event_id,) in cursor.fetchall()}, reverse=True)
