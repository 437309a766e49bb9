"""A tenant's own deliveries: the list, one event with what the tenant's rule sees, and sending it again."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard.portal.deliveries import REPLAYABLE, filters_for, question_of, sources_to_choose
from dashboard.portal.event_types import types_for
from dashboard.portal.exports import send_alone
from dashboard.portal.shell import shell
from dashboard.portal.views.enabling import environment_of
from dashboard.web import looks
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import tenant_action, tenant_page
from dashboard.web.filters import Asked
from dashboard.web.looks import look_of
from dashboard.web.paging import SIZE, stretched
from dashboard.web.visitors import visitor_of
from integrations.events.candidates import Question
from integrations.events.delivery_filter import DeliveryFilter
from integrations.events.listing import EventRow, Page, every_event, list_events
from integrations.events.models import Event, Replay
from integrations.events.payloads import envelope_of, find_event, read_payload
from integrations.events.replays import request_replay
from integrations.events.search import find_anything
from integrations.events.story import story_without_payload
from integrations.events.tasks import replay as replay_task
from integrations.kick import kick
from integrations.problems import Problem
from integrations.sources.queries import sources_of_tenant
from tenants.identifiers import moment_of
from tenants.models import Tenant

TAB = "portal_deliveries"
COLUMNS = {
    "event_id": lambda row: row.event_id,
    "your_id": lambda row: row.caller_id,
    "type": lambda row: row.type,
    "stored_at": lambda row: row.received_at,
    "state": lambda row: row.state,
    "reason": lambda row: (row.reason or "").partition(":")[0],  # without the code that AWS refuses the provider with
}


@require_safe
@tenant_page
def deliveries(request: HttpRequest, tenant: Tenant) -> HttpResponseBase:
    """List the tenant's events, newest first, or send them as a file."""
    asked = filters_for(sources_to_choose(tenant), types_for(tenant)).read(request)
    question = question_of(tenant, asked)
    status = 200
    if asked.wants_csv:
        try:
            return send_alone(tenant, csv_of("deliveries", COLUMNS, _all(question, asked)))
        except Problem as problem:
            messages.error(request, problem.detail)
            status = problem.status
    found = _found(question, asked)
    rows = [(row, look_of(looks.EVENT, row.state)) for row in found.rows]
    shown = stretched(asked, rows, older=str(found.older) if found.older else "")
    running = Replay.objects.filter(tenant=tenant, ended_at=None).order_by("-public_id")[:5]
    context = shell(request, tenant, TAB, list=asked, shown=shown, replays=running, narrow=not asked.value("q"))
    context["filtered"] = asked.url().partition("?")[2]
    return render(request, "portal/deliveries.html", context, status=status)


@require_safe
@tenant_page
def event(request: HttpRequest, tenant: Tenant, event: str) -> HttpResponse:
    """Show one event: where it stands, every attempt, and the envelope that the tenant's rule sees."""
    found = _own_event(tenant, event)
    story = story_without_payload(found)
    payload = read_payload(event=found, actor=visitor_of(request).actor, now=timezone.now())
    names = {each.public_id: each for each in sources_of_tenant(tenant)}
    source = next((names[each["source"]] for each in story["deliveries"] if each["source"] in names), None)
    accepted = next((each["aws_id"] for each in story["attempts"] if each["aws_id"]), None)
    context = shell(request, tenant, TAB, story=story, event_id=found.id, look=look_of(looks.EVENT, story["state"]))
    context |= {
        "envelope": envelope_of(payload, source, accepted) if source else payload.laid_out,
        "source": source,
        "deliveries": [_delivery(each, names) for each in story["deliveries"]],
        "attempts": [_attempt(each, names) for each in story["attempts"]],
        "stored_at": moment_of(found.id),
        "replayable": any(each["state"] in REPLAYABLE for each in story["deliveries"]),
    }
    return render(request, "portal/event.html", context)


@require_POST
@tenant_action
def replay_event(request: HttpRequest, tenant: Tenant, event: str) -> HttpResponse:
    """Send one event again to where it ended."""
    event_id = _own_event(tenant, event).id
    wanted = DeliveryFilter(environment=environment_of(tenant), tenant=tenant, events=[event_id], states=REPLAYABLE)
    try:
        request_replay(wanted=wanted, actor=visitor_of(request).actor, now=timezone.now())
    except Problem as problem:
        messages.error(request, problem.detail)
    else:
        kick(replay_task)
        messages.success(request, _("It is sent again, under the same event id."))
    return redirect("portal_event", tenant=tenant.public_id, event=event_id)


def _found(question: Question, asked: Asked) -> Page:
    term = asked.value("q")
    if term:
        return Page([row for row in find_anything(term, question) if question.state in (None, row.state)], None)
    return list_events(question, below=_cursor(asked), limit=SIZE)


def _all(question: Question, asked: Asked) -> Iterable[EventRow]:
    return _found(question, asked).rows if asked.value("q") else every_event(question, below=_cursor(asked))


def _cursor(asked: Asked) -> UUID | None:
    try:
        return UUID(asked.cursor) if asked.cursor else None
    except ValueError:
        return None


def _own_event(tenant: Tenant, text: str) -> Event:
    """Return an event of this tenant, or raise Http404."""
    try:
        found = find_event(UUID(text), tenant_ids=[tenant.pk])
    except ValueError:
        raise Http404 from None
    if found is None:
        raise Http404
    return found


def _delivery(told: dict[str, Any], names: dict[UUID, Any]) -> dict[str, Any]:
    return told | {"to": names.get(told["source"]), "look": look_of(looks.EVENT, told["state"])}


def _attempt(told: dict[str, Any], names: dict[UUID, Any]) -> dict[str, Any]:
    return told | {"to": names.get(told["source"]), "accepted": told["code"] == "accepted"}
