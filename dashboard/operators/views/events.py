"""The events explorer: tens of millions of events, a page of them at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.operators.events_question import LIST, Wanted, found_by, in_words, wanted_by
from dashboard.web import looks
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import ACT_ON_TENANTS, may, person_of, staff_page
from dashboard.web.filters import Asked
from dashboard.web.looks import Look, look_of
from dashboard.web.paging import SIZE, Page, counted, stretched
from dashboard.web.reasons import reason_in_words
from integrations.events.footprints import Footprint, footprints_of
from integrations.events.listing import EventRow, every_event, list_events
from integrations.registration.models import Environment
from tenants.models import Tenant

NOUN = ("event", "events")
REPLAYABLE = {"accepted": "accepted", "dead": "dead"}
COLUMNS: Mapping[str, Callable[[EventRow], Any]] = {
    "event_id": lambda row: row.event_id,
    "id": lambda row: row.caller_id,
    "tenant": lambda row: row.tenant_id,
    "type": lambda row: row.type,
    "state": lambda row: row.state,
    "reason": lambda row: row.reason,
    "received_at": lambda row: row.received_at,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the explorer shows it."""

    row: EventRow
    tenant: Tenant | None
    footprint: Footprint | None

    @property
    def environment(self) -> Environment | None:
        """Where it was posted: each environment has tenants of its own."""
        return self.tenant.directory.environment if self.tenant else None

    @property
    def look(self) -> Look:
        """How its state looks."""
        return look_of(looks.EVENT, self.row.state)

    @property
    def reason(self) -> str:
        """Why it is in this state, in words."""
        return reason_in_words(self.row.reason)


@require_safe
@staff_page
def events(request: HttpRequest) -> HttpResponseBase:
    """Show the events that the filters ask for, newest first, or send them as a file."""
    asked = LIST.read(request)
    wanted = wanted_by(asked, timezone.now())
    named = found_by(asked, wanted)
    if asked.wants_csv:
        return csv_of("events", _columns(), every_event(wanted.question) if named is None else named)
    shown = _page(asked, wanted) if named is None else stretched(asked, named, older="", count_text=_counted(named))
    replays = named is None and may(person_of(request), ACT_ON_TENANTS) and _replayable(asked, wanted)
    within = (wanted.environment or _only_environment(wanted)) if replays else None
    context = {
        "list": in_words(asked, wanted),
        "shown": shown,
        "lines": _lines(shown.rows, wanted.tenants),
        "misses": wanted.misses,
        "searched": named is not None,
        "replay_url": _replay_url(asked, wanted, within) if within else "",
        "replay_lacks_environment": replays and within is None,
    }
    return render(request, "operators/events.html", context)


def _page(asked: Asked, wanted: Wanted) -> Page[EventRow]:
    page = list_events(wanted.question, below=_below(asked.cursor), limit=SIZE)
    older = str(page.older) if page.older else ""
    count = "" if older or asked.cursor else _counted(page.rows)
    return stretched(asked, page.rows, older=older, count_text=count)


def _counted(rows: list[EventRow]) -> str:
    return counted(len(rows), NOUN)


def _below(cursor: str) -> UUID | None:
    try:
        return UUID(cursor) if cursor else None
    except ValueError:  # not a cursor of ours: begin with the first page
        return None


def _lines(rows: Any, known: list[Tenant]) -> list[Line]:
    tenants = {tenant.pk: tenant for tenant in known}
    if missing := {row.tenant_id for row in rows} - tenants.keys():
        tenants |= Tenant.objects.select_related("directory__environment__integration").in_bulk(missing)
    footprints = footprints_of(row.event_id for row in rows)
    return [Line(row, tenants.get(row.tenant_id), footprints.get(row.event_id)) for row in rows]


def _columns() -> Mapping[str, Callable[[EventRow], Any]]:
    """The columns, with the SaaS's own ids of tenants, each asked for once."""
    known: dict[int, str] = {}

    def external_id(row: EventRow) -> str:
        if row.tenant_id not in known:
            known.update(Tenant.objects.filter(pk=row.tenant_id).values_list("pk", "external_id"))
        return known.get(row.tenant_id, "")

    return {**COLUMNS, "tenant": external_id}


def _replayable(asked: Asked, wanted: Wanted) -> bool:
    """Return whether what is filtered may have been sent, or is dead."""
    state = asked.value("state")
    return not wanted.misses and (not state or state in REPLAYABLE)


def _replay_url(asked: Asked, wanted: Wanted, environment: Environment) -> str:
    """Return where what is filtered can be replayed: within one environment."""
    since = wanted.question.since
    given = {
        "environment": str(environment.public_id),
        "tenant": str(wanted.tenants[0].public_id) if len(wanted.tenants) == 1 else "",
        "source": str(wanted.source.public_id) if wanted.source else "",
        "type": asked.value("type"),
        "code": asked.value("code"),
        "states": REPLAYABLE.get(asked.value("state"), ""),
        "from": since.isoformat(timespec="seconds") if since else "",
    }
    return f"{reverse('operator_replay_new')}?{urlencode({name: value for name, value in given.items() if value})}"


def _only_environment(wanted: Wanted) -> Environment | None:
    if wanted.source:
        return wanted.source.environment
    known = {tenant.directory_id: tenant.directory.environment for tenant in wanted.tenants}
    first = list(known.values()) or list(Environment.objects.select_related("integration")[:2])
    return first[0] if len(first) == 1 else None
