"""Asking: what a caller of the API says of the events that it wants, as a question, and the page that answers it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from integrations.events import search
from integrations.events.candidates import Question
from integrations.events.deliveries import STATES
from integrations.events.listing import EventRow, Page, list_events, rows_of
from integrations.events.models import EventType, OutcomeCode
from integrations.problems import Problem
from integrations.registration.models import Environment
from integrations.sources.models import Source
from integrations.sources.queries import sources_of_environment
from tenants.access import tenant_in
from tenants.identifiers import lowest_uuid_of
from tenants.models import Tenant

LIMIT = 50
MAX_LIMIT = 200
LONGEST = 200  # characters of a value
IDS = {"event_id", "id", "aws_id", "request_id"}
FILTERS = {"type", "state", "code", "from", "to"}
KNOWN = {"tenant", "source", "limit", "cursor", *IDS, *FILTERS}
WITH_CODE = ("dead", "retrying", "held")
UNKNOWN = -1
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)  # what an id can hold

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, where its page begins and how long it is. `named`: the events that an id of it names."""

    question: Question
    named: list[UUID] | None
    below: UUID | None
    limit: int


def answer(environment: Environment, given: Mapping[str, str]) -> dict[str, Any]:
    """Return a page of the environment's events, JSON-ready.

    Raises Problem 422 `query_invalid` for what cannot be understood and 404 for a tenant or source that is not there.
    """
    asked = understand(environment, given)
    page = _page(asked)
    tenants = dict(Tenant.objects.filter(pk__in={row.tenant_id for row in page.rows}).values_list("pk", "external_id"))
    return {
        "events": [_shown(row, tenants[row.tenant_id]) for row in page.rows],
        "next_cursor": _cursor(page.older) if page.older else None,
    }


def understand(environment: Environment, given: Mapping[str, str]) -> Asked:
    """Read the parameters of a query. Raises Problem."""
    _check(given)
    below = _read(given, "cursor", _below)
    question = Question(
        environment_id=environment.pk,
        tenant_ids=(_tenant(environment, given["tenant"]).pk,) if "tenant" in given else None,
        source=_source(environment, given["source"]) if "source" in given else None,
        type_id=_key(EventType.objects.filter(name=given["type"])) if "type" in given else None,
        state=_read(given, "state", _state),
        code_id=_key(OutcomeCode.objects.filter(code=given["code"])) if "code" in given else None,
        caller_id=given.get("id"),
        since=_read(given, "from", _moment),
        until=_read(given, "to", _moment),
    )
    named = _named(environment, given) if below is None else None
    return Asked(question, named, below, _read(given, "limit", _limit) or LIMIT)


def _named(environment: Environment, given: Mapping[str, str]) -> list[UUID] | None:
    """Return the events that the ids of a query name, None where it has none."""
    named: list[list[UUID]] = []
    if event_id := _read(given, "event_id", _uuid):
        named.append([event_id])
    if aws_id := _read(given, "aws_id", _uuid):
        named.append(search.ids_of_aws_id(aws_id))
    if request_id := _read(given, "request_id", _uuid):
        named.append(search.ids_of_request_id(request_id))
    if "id" in given:
        named.append(search.ids_of_caller_id(given["id"], environment.pk))
    return sorted(set.intersection(*map(set, named)), reverse=True) if named else None


def _page(asked: Asked) -> Page:
    if asked.named is None:
        return list_events(asked.question, below=asked.below, limit=asked.limit)
    rows = list(rows_of(asked.named, asked.question))
    # Callers' ids are remembered for a time only: older events with this one are searched on the next page.
    since = search.remembered_from() if asked.question.caller_id is not None else None
    return Page(rows, lowest_uuid_of(since) if since else None)


def _shown(row: EventRow, tenant: str) -> dict[str, Any]:
    return {
        "event_id": row.event_id,
        "id": row.caller_id,
        "tenant": tenant,
        "type": row.type,
        "received_at": row.received_at,
        "state": row.state,
        "reason": row.reason,
    }


def _check(given: Mapping[str, str]) -> None:
    """A misspelt filter would list everything, and an id leaves nothing to filter."""
    for name, value in given.items():
        if name not in KNOWN:
            raise _invalid(f"There is no filter {name[:40]!r}. Known: {', '.join(sorted(KNOWN))}.")
        if len(value) > LONGEST or "\x00" in value:
            raise _invalid(f"{name}: at most {LONGEST} characters, and no NUL.")
    ids, filters = IDS & given.keys(), FILTERS & given.keys()
    if ids and filters:
        raise _invalid(f"An id says which event is meant: leave out {', '.join(sorted(filters))}.")
    if "code" in given and given.get("state", "dead") not in WITH_CODE:
        raise _invalid(
            f"code: only events that are {', '.join(WITH_CODE)} have one; leave out the state {given['state']!r}."
        )
    if "cursor" in given and ids - {"id"}:
        raise _invalid("These ids name all there is, so there is no next page: leave out the cursor.")


def _read(given: Mapping[str, str], name: str, parse: Callable[[str], T]) -> T | None:
    if name not in given:
        return None
    try:
        return parse(given[name])
    except ValueError as error:
        raise _invalid(f"{name}: {error}.") from None


def _state(text: str) -> str:
    if text not in STATES:
        raise ValueError(f"use one of {', '.join(STATES)}")
    return text


def _limit(text: str) -> int:
    if not (text.isdecimal() and text.isascii() and 1 <= int(text) <= MAX_LIMIT):
        raise ValueError(f"use a number from 1 to {MAX_LIMIT}")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not FIRST <= moment <= LAST:
        raise ValueError("use RFC 3339 with a zone, such as 2026-11-23T15:47:37Z; in a URL a + is written %2B")
    return moment


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValueError("use a UUID, such as 01a20917-63ba-7000-842e-ee468b23f2ef") from None


def _below(text: str) -> UUID:
    try:
        return UUID(bytes=urlsafe_b64decode(text + "=="))
    except ValueError:
        raise ValueError("use the next_cursor of the page before as it is") from None


def _cursor(event_id: UUID) -> str:
    return urlsafe_b64encode(event_id.bytes).rstrip(b"=").decode()


def _tenant(environment: Environment, external_id: str) -> Tenant:
    try:
        return tenant_in(environment.directory, external_id)
    except Tenant.DoesNotExist:
        raise Problem(404, "tenant_unknown", "This environment has no such tenant.") from None


def _source(environment: Environment, public_id: str) -> Source:
    try:
        return sources_of_environment(environment).get(public_id=UUID(public_id))
    except (Source.DoesNotExist, ValueError):
        raise Problem(404, "source_unknown", "This environment has no such source.") from None


def _key(found: QuerySet[Any]) -> int:
    """Return a name's key in its dictionary, and one that no row has for a name that never occurred."""
    key = found.values_list("pk", flat=True).first()
    return UNKNOWN if key is None else key


def _invalid(detail: str) -> Problem:
    return Problem(422, "query_invalid", detail)
