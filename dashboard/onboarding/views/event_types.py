"""The catalogue of event types."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.onboarding.acting import acted, actor_of, address_of
from dashboard.onboarding.forms import EventTypeForm
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import TAKE_TO_AWS, may, person_of, staff_action, staff_page
from dashboard.web.edit_conflict import Editing
from integrations.onboarding.event_catalogue import MOST_TYPES, put_type, remove_type, type_of
from integrations.onboarding.models import CataloguedType
from integrations.onboarding.profiles import integration_of
from integrations.registration.models import Integration
from integrations.registration.renaming import locked_integration

COLUMNS = {
    "name": lambda each: each.name,
    "description": lambda each: each.description,
    "schema": lambda each: json.dumps(each.schema) if each.schema else "",
    "sample": lambda each: json.dumps(each.sample) if each.sample else "",
}

# Every line of the log about a type has its name, and documents are too long for it.
LOGGED = {"schema": "name", "sample": "name", "description": "name"}


@require_safe
@staff_page
def event_types(request: HttpRequest, integration: str) -> HttpResponseBase:
    """List the catalogue."""
    found = integration_of(integration)
    types = list(found.catalogued_types.all())
    if request.GET.get("format") == "csv":
        return csv_of("event-types", COLUMNS, types)
    context = {
        "integration": found,
        "types": types,
        "most": MOST_TYPES,
        "may_act": may(person_of(request), TAKE_TO_AWS),
    }
    return render(request, "onboarding/event_types.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(TAKE_TO_AWS)
def new_event_type(request: HttpRequest, integration: str) -> HttpResponse:
    """Add an event type."""
    return _edit(request, integration, None)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(TAKE_TO_AWS)
def event_type(request: HttpRequest, integration: str, event_type: str) -> HttpResponse:
    """Change an event type."""
    return _edit(request, integration, type_of(integration_of(integration), event_type))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(TAKE_TO_AWS)
def remove_event_type(request: HttpRequest, integration: str, event_type: str) -> HttpResponse:
    """Ask, and take an event type out of the catalogue."""
    found = integration_of(integration)
    known = type_of(found, event_type)
    if request.method == "POST":
        return acted(
            request,
            lambda: remove_type(known=known, actor=actor_of(request), now=timezone.now()),
            f"{known.name} is removed.",
            address_of(found, "onboarding_event_types"),
        )
    return render(request, "onboarding/remove_event_type.html", {"integration": found, "type": known})


def _edit(request: HttpRequest, integration: str, known: CataloguedType | None) -> HttpResponse:
    found = integration_of(integration)
    form = EventTypeForm(request.POST or None, initial=_shown(known))
    editing = Editing(form, _shown(known), log=("event_type", known.public_id if known else ""), logged=LOGGED)

    def put() -> None:
        put_type(integration=found, known=known, actor=actor_of(request), now=timezone.now(), **form.cleaned_data)

    if form.is_valid() and editing.save(lambda: _stored(found, known), put):
        messages.success(request, f"{form.cleaned_data['name']} is in the catalogue.")
        return redirect(address_of(found, "onboarding_event_types"))
    context = {"integration": found, "form": form, "known": known, "editing": editing}
    return render(request, "onboarding/event_type.html", context, status=editing.status)


def _stored(found: Integration, known: CataloguedType | None) -> dict[str, Any]:
    locked_integration(found)  # as all do who change the catalogue
    return _shown(CataloguedType.objects.filter(pk=known.pk).first() if known else None)


def _shown(known: CataloguedType | None) -> dict[str, Any]:
    if known is None:
        return {}
    documents = {
        name: json.dumps(value, indent=2, ensure_ascii=False) if value else ""
        for name, value in (("schema", known.schema), ("sample", known.sample))
    }
    return {"name": known.name, "description": known.description, **documents}
