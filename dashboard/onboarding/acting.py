"""What the actions of partner managers share: the integration of the address, who acts, and how a refusal is told."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.dateparse import parse_date

from dashboard.web.doors import person_of
from integrations.aws.limits import LimitError
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor


def actor_of(request: HttpRequest) -> Actor:
    """Return the signed-in person as the actor of a use case."""
    return Actor.person(person_of(request))


def address_of(integration: Integration, route: str = "onboarding_integration", **more: object) -> str:
    """Return the address of an integration's page."""
    return reverse(route, kwargs={"integration": integration.public_id, **more})


def integration_named(name: str) -> Integration:
    """Return an integration by its slug or its public id, which stand in addresses, or raise Http404."""
    found = Integration.objects.filter(slug=name).first()
    try:
        return found or Integration.objects.get(public_id=UUID(name))
    except (Integration.DoesNotExist, ValueError) as missing:
        raise Http404 from missing


def acted(request: HttpRequest, act: Callable[[], object], done: str, to: str) -> HttpResponse:
    """Do it, say what was done or why not, and go on to a page."""
    attempted(request, act, done)
    return HttpResponseRedirect(to)


def attempted(request: HttpRequest, act: Callable[[], object], done: str) -> bool:
    """Do it and say what was done or why not; return whether it was done."""
    try:
        act()
    except (Problem, LimitError) as refusal:
        messages.error(request, detail_of(refusal))
        return False
    if done:
        messages.success(request, done)
    return True


def detail_of(refusal: Problem | LimitError) -> str:
    """Return the sentence of a refusal."""
    return refusal.detail if isinstance(refusal, Problem) else str(refusal)


def version_in(request: HttpRequest) -> int | None:
    """Return the version that an editor saw, from a hidden field; -1, which nothing has, for nonsense."""
    value = request.POST.get("version", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1


def day_in(request: HttpRequest, name: str) -> date | None:
    """Return the day in a field, None for an empty one. Raises Problem 422 `day_invalid`."""
    value = request.POST.get(name, "").strip()
    try:
        day = parse_date(value) if value else None
    except ValueError:
        day = None
    if value and day is None:
        raise Problem(422, "day_invalid", f"{value!r} is not a day: write it like 2026-11-30.")
    return day
