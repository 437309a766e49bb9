"""What the actions of partner managers share: the integration of the address, who acts, and how a refusal is told."""

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.http import url_has_allowed_host_and_scheme

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


def acted(request: HttpRequest, act: Callable[[], object], done: str, to: str) -> HttpResponse:
    """Do it, say what was done or why not, and go on to a page."""
    try:
        act()
    except (Problem, LimitError) as refusal:
        messages.error(request, detail_of(refusal))
    else:
        if done:
            messages.success(request, done)
    return HttpResponseRedirect(_next(request) or to)


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


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else ""
