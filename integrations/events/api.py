"""The event path's HTTP edge: `/api/v1/events`, where events are stored and listed, and the story of one event.

Plain Django views and not the API framework: validation by models costs more here than storing.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import structlog
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from integrations.cursors import raw_connection
from integrations.events import cloud_events, ingest, list_query, story
from integrations.events.back_pressure import check_backlog
from integrations.events.bodies import discard_body, read_body
from integrations.events.gathering import gathering
from integrations.events.rate_limits import check_rate
from integrations.events.splitting import split_json, split_lines
from integrations.problems import Problem
from integrations.registration.keys import authenticate

JSON = "application/json"
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")

View = Callable[..., HttpResponse]
Store = Callable[..., list[ingest.Result]]

log = structlog.get_logger()


def api_view(*methods: str) -> Callable[[View], View]:
    """Make a view that answers these methods and says everything that is wrong as `application/problem+json`."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
            try:
                if request.method not in methods:
                    allowed = ", ".join(methods)
                    raise Problem(
                        405, "method_not_allowed", f"This address answers {allowed} only.", headers={"Allow": allowed}
                    )
                return view(request, *arguments, **named)
            except Problem as problem:
                return _problem(problem)
            except (psycopg.errors.DiskFull, psycopg.OperationalError, OperationalError, InterfaceError) as error:
                return _problem(_database_problem(error))
            except Exception:
                log.exception("a request failed unexpectedly", path=request.path)
                return _problem(Problem(500, "internal_error", "This is a defect of ours. Post the same body again."))

        return answer

    return decorate


@api_view("GET", "POST")
def events(request: HttpRequest) -> HttpResponse:
    """List the environment's events, or store new ones."""
    return list_events(request) if request.method == "GET" else store_events(request)


def list_events(request: HttpRequest) -> HttpResponse:
    """Answer with a page of the key's environment's events that the filters mean, newest first."""
    caller = authenticate(request.headers.get("Authorization"), now=timezone.now())
    caller.require("events:read")
    return _json(200, list_query.answer(caller.environment, request.GET.dict()))


def store_events(request: HttpRequest) -> HttpResponse:
    """Store one event, a batch, NDJSON or CloudEvents; 202 after the commit, with one result per event."""
    now = timezone.now()
    try:
        caller = authenticate(request.headers.get("Authorization"), now=now)
        caller.require("events:write")
        raw = raw_connection()
        check_backlog(raw, caller.environment.pk)
        check_rate(caller.key, 0)
    except Problem:
        discard_body(request)
        raise
    try:
        store, posted = _read(request)
    except Problem:
        check_rate(caller.key, 1)  # reading what is broken costs, too
        raise
    check_rate(caller.key, len(posted))
    return _json(202, _receipt(store(raw, caller.environment, posted, now)))


@api_view("GET")
def event(request: HttpRequest, event_id: str) -> HttpResponse:
    """Answer with one event of the key's environment: its state for every source, and all its attempts."""
    caller = authenticate(request.headers.get("Authorization"), now=timezone.now())
    caller.require("events:read")
    try:
        found = story.story_of(environment_id=caller.environment.pk, event_id=UUID(event_id))
    except ValueError:
        found = None
    if found is None:
        raise Problem(404, "event_unknown", "There is no such event in this environment.")
    return _json(200, found)


def _read(request: HttpRequest) -> tuple[Store, Sequence[object]]:
    """Return what was posted, one by one, and how its form is stored."""
    kind, headers = request.content_type, request.headers
    if not cloud_events.is_cloud_event(kind, headers):
        return gathering.store, _split(kind, read_body(request))
    body = read_body(request, may_be_empty=cloud_events.is_binary(kind))
    return cloud_events.store_cloud_events, cloud_events.read_cloud_events(kind, headers, body)


def _split(kind: str | None, body: bytes) -> list[bytes]:
    if kind in NDJSON:
        return split_lines(body)
    if kind == JSON:
        return split_json(body)
    raise Problem(
        415, "content_type_unsupported", f"Post {JSON}, {NDJSON[0]} or CloudEvents, not {kind or 'an unnamed type'}."
    )


def _receipt(results: list[ingest.Result]) -> dict[str, Any]:
    counts = {"stored": 0, "duplicate": 0, "rejected": 0}
    for result in results:
        counts[result.status] += 1
    return {
        "stored": counts["stored"],
        "duplicates": counts["duplicate"],
        "rejected": counts["rejected"],
        "events": results,
    }


def _database_problem(error: Exception) -> Problem:
    cause = error.__cause__ if isinstance(error, OperationalError | InterfaceError) else error
    connection.close()
    if isinstance(cause, psycopg.errors.DiskFull):
        return Problem(
            507, "store_full", "The disk of the database is full. Nothing was stored.", headers={"Retry-After": "60"}
        )
    return Problem(
        503,
        "store_unavailable",
        "The database did not answer, so nothing is promised. Post the same body again: ids make that safe.",
        headers={"Retry-After": "2"},
    )


def _problem(problem: Problem) -> HttpResponse:
    response = _json(problem.status, problem.document(), "application/problem+json")
    for name, value in problem.headers.items():
        response[name] = value
    return response


def _json(status: int, content: object, content_type: str = JSON) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(content), status=status, content_type=content_type)
