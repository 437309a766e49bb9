"""API keys: list, issue, rotate, revoke. A secret is shown once, on the page that made it, and nowhere again."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.operators.environment_choice import environments
from dashboard.web import filters
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import CONFIGURE, may, person_of, staff_action, staff_page
from dashboard.web.filters import Asked, Filters, Sort
from dashboard.web.keyset import every
from dashboard.web.looks import Look
from dashboard.web.paging import page_of
from integrations.problems import Problem
from integrations.registration.key_rotation import LONGEST_OVERLAP, rotate_key
from integrations.registration.keys import MAX_EVENTS_PER_SECOND, SCOPES, issue_key, revoke_key
from integrations.registration.models import ApiKey, Environment
from tenants.audit import Actor

STATES = (("active", "Works"), ("expired", "Expired"), ("revoked", "Revoked"))
LOOKS = {
    "active": Look("ok", "circle-check-filled", "Works"),
    "expired": Look("off", "clock", "Expired"),
    "revoked": Look("off", "ban", "Revoked"),
}
SCOPE_WORDS = {
    "events:write": "Post events",
    "events:read": "Read events, with their payloads",
    "events:replay": "Replay and discard",
    "tenants:write": "Put and close tenants, and let people into their pages",
    "tenants:read": "Read tenants",
    "sources:write": "Offer, change and delete sources",
    "sources:read": "Read sources",
}
LIFETIMES = (("", "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"))
OVERLAPS = (("0", "At once"), ("1", "In a day"), ("7", "In a week"), ("30", "In 30 days"))


LIST = Filters(
    filters=(
        filters.search("Name or prefix"),
        filters.choice("environment", "Environment", environments),
        filters.choice("state", "State", STATES),
    ),
    sorts=(Sort("created", ("-created_at", "-id")), Sort("name", ("name", "id"))),
)
COLUMNS: Mapping[str, Callable[[ApiKey], Any]] = {
    "name": lambda key: key.name,
    "prefix": lambda key: key.prefix,
    "environment": lambda key: key.environment,
    "scopes": lambda key: " ".join(key.scopes),
    "events_per_second": lambda key: key.events_per_second,
    "state": lambda key: state_of(key, timezone.now()),
    "created_at": lambda key: key.created_at,
    "expires_at": lambda key: key.expires_at,
    "revoked_at": lambda key: key.revoked_at,
    "last_used_at": lambda key: key.last_used_at,
}


class KeyForm(forms.Form):
    """What a new key may do."""

    environment = forms.ChoiceField(label="Environment", choices=environments)
    name = forms.CharField(label="Name", max_length=100, help_text="Who uses it: orders-backend, nightly-import.")
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=[(scope, SCOPE_WORDS.get(scope, scope)) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        initial=list(SCOPES),
    )
    lifetime = forms.ChoiceField(label="Expires", choices=LIFETIMES, required=False)
    events_per_second = forms.IntegerField(
        label="Events a second at most",
        min_value=1,
        max_value=MAX_EVENTS_PER_SECOND,
        required=False,
        help_text="Empty for no limit of its own.",
    )


class RotationForm(forms.Form):
    """When the old key ends."""

    overlap = forms.ChoiceField(label="The old key ends", choices=OVERLAPS, initial="1")


@require_safe
@staff_page
def keys(request: HttpRequest) -> HttpResponseBase:
    """List the keys of all environments."""
    asked, now = LIST.read(request), timezone.now()
    found = _asked_for(asked, now).select_related("environment__integration")
    if asked.wants_csv:
        return csv_of("api-keys", COLUMNS, every(found, asked.sort.fields))
    shown = page_of(asked, found, noun=("key", "keys"))
    lines = [(key, LOOKS[state_of(key, now)]) for key in shown.rows]
    context = {"list": asked, "shown": shown, "lines": lines, "may_configure": may(person_of(request), CONFIGURE)}
    return render(request, "operators/keys.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@staff_action(CONFIGURE)
def new_key(request: HttpRequest) -> HttpResponse:
    """Issue a key and show its secret."""
    form = KeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            key, text = _issue(form.cleaned_data, Actor.person(person_of(request)), timezone.now())
        except Problem as problem:
            form.add_error(None, problem.detail)
        else:
            return render(request, "operators/key_shown.html", {"key": key, "text": text}, status=201)
    return render(request, "operators/key_new.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
@staff_action(CONFIGURE)
def rotate(request: HttpRequest, key: UUID) -> HttpResponse:
    """Put a new key beside this one and show its secret."""
    old = _key(key)
    form = RotationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        overlap = timedelta(days=min(int(form.cleaned_data["overlap"]), LONGEST_OVERLAP.days))
        try:
            new, text = rotate_key(key=old, overlap=overlap, actor=Actor.person(person_of(request)), now=timezone.now())
        except Problem as problem:
            form.add_error(None, problem.detail)
        else:
            old.refresh_from_db()
            return render(request, "operators/key_shown.html", {"key": new, "text": text, "old": old}, status=201)
    context = {"key": old, "form": form}
    return render(request, "operators/key_rotate.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@staff_action(CONFIGURE)
def revoke(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask, and end a key at once."""
    found = _key(key)
    if request.method == "POST":
        revoke_key(key=found, actor=Actor.person(person_of(request)), now=timezone.now())
        messages.success(request, f"{found.name} is revoked. Calls with it are refused from now on.")
        return redirect("operator_keys")
    return render(request, "operators/key_revoke.html", {"key": found})


def state_of(key: ApiKey, now: datetime) -> str:
    """Return whether a key works, has expired or was revoked."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"


def _asked_for(asked: Asked, now: datetime) -> QuerySet[ApiKey]:
    found = ApiKey.objects.all()
    if words := asked.value("q"):
        found = found.filter(
            Q(name__icontains=words) | Q(prefix=words.removeprefix("pb_test_").removeprefix("pb_live_"))
        )
    if environment := asked.value("environment"):
        found = found.filter(environment__public_id=environment)
    in_time = Q(expires_at=None) | Q(expires_at__gt=now)
    conditions = {
        "active": Q(revoked_at=None) & in_time,
        "expired": Q(revoked_at=None) & ~in_time,
        "revoked": Q(revoked_at__isnull=False),
    }
    return found.filter(conditions.get(asked.value("state"), Q()))


def _issue(wanted: Mapping[str, Any], actor: Actor, now: datetime) -> tuple[ApiKey, str]:
    days = wanted["lifetime"]
    return issue_key(
        environment=Environment.objects.get(public_id=wanted["environment"]),
        name=wanted["name"],
        scopes=wanted["scopes"],
        expires_at=now + timedelta(days=int(days)) if days else None,
        events_per_second=wanted["events_per_second"],
        actor=actor,
        now=now,
    )


def _key(public_id: UUID) -> ApiKey:
    found = ApiKey.objects.select_related("environment__integration").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
