"""One event: its story, and what it carries for those who ask, which is written down."""

import json
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.operators.event_story import attempts_of, deliveries_of, verdict_on
from dashboard.web.doors import ACT_ON_TENANTS, may, person_of, staff_page
from integrations.events.footprints import footprints_of
from integrations.events.models import Event
from integrations.events.payloads import Payload, envelope_of, find_event, read_payload
from integrations.events.story import story_without_payload
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.audit import Actor
from tenants.models import Tenant


@require_safe
@staff_page
def event(request: HttpRequest, event: UUID) -> HttpResponse:
    """Show where an event stands, every attempt and, with `?payload=shown`, what it carries."""
    found = _found(event)
    story = story_without_payload(found)
    sources = _sources(found)
    payload = _payload(request, found) if "payload" in request.GET else None
    deliveries = deliveries_of(story, sources)
    context = {
        "event": found,
        "story": story,
        "verdict": verdict_on(story),
        "attempts": attempts_of(story, sources),
        "deliveries": deliveries,
        "tenant": Tenant.objects.get(pk=found.tenant_id),
        "environment": Environment.objects.select_related("integration").get(pk=found.environment_id),
        "footprint": footprints_of([found.id])[found.id],
        "payload": payload,
        "tabs": _tabs(payload, deliveries) if payload else [],
        "acts": may(person_of(request), ACT_ON_TENANTS),
    }
    return render(request, "operators/event.html", context)


@require_safe
@staff_page
def event_json(request: HttpRequest, event: UUID) -> HttpResponse:
    """Send an event with its story as JSON, its detail exactly as it was posted."""
    found = _found(event)
    story = story_without_payload(found)
    payload = _payload(request, found)
    head = json.dumps({**story, "resources": payload.resources}, default=str, indent=1).removesuffix("\n}")
    response = HttpResponse(f'{head},\n "detail": {payload.detail}\n}}\n', content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="event-{found.id}.json"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _found(event_id: UUID) -> Event:
    found = find_event(event_id, tenant_ids=None)
    if found is None:
        raise Http404
    return found


def _payload(request: HttpRequest, found: Event) -> Payload:
    return read_payload(event=found, actor=Actor.person(person_of(request)), now=timezone.now())


def _sources(found: Event) -> dict[UUID, Source]:
    rows = Source.objects.filter(tenant=found.tenant_id).exclude(account=None).select_related("environment")
    return {source.public_id: source for source in rows}


def _tabs(payload: Payload, deliveries: list[Any]) -> list[dict[str, str]]:
    tabs = [{"key": "payload", "title": "Payload", "label": "payload", "code": payload.laid_out, "note": ""}]
    for number, delivery in enumerate(deliveries, 1):
        if delivery.source:
            tabs.append(
                {
                    "key": f"envelope-{number}",
                    "title": f"As a rule sees it, {delivery.source.region}"
                    if len(deliveries) > 1
                    else "As a rule sees it",
                    "label": "envelope",
                    "code": envelope_of(payload, delivery.source, delivery.aws_id),
                    "note": f"In account {delivery.source.account}, on the bus {delivery.source.name}",
                }
            )
    return tabs
