"""Going live: the checks, the switch, taking it back, and what AWS shows of us."""

from datetime import UTC, datetime

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.onboarding.acting import attempted, integration_named
from dashboard.web.doors import TAKE_TO_AWS, may, person_of, staff_action, staff_page
from dashboard.web.edit_conflict import Editing
from integrations.onboarding.go_live import go_live, record_listing, take_back
from integrations.onboarding.go_live_checks import Check, examine
from integrations.onboarding.models import Profile
from integrations.problems import Problem
from integrations.registration.models import Environment, Integration
from integrations.sources.models import Source
from tenants.audit import Actor

LOGGED = {"icon_enabled_on": "icon_enabled_at"}


class ListingForm(forms.Form):
    """What AWS shows of us on its partner screen."""

    icon_enabled_on = forms.DateField(
        label="Icon shown since", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    console_page = forms.CharField(label="AWS's page about us", required=False, max_length=500)


@require_safe
@staff_page
def page(request: HttpRequest, integration: str) -> HttpResponse:
    """Show whether production is live. AWS is asked when somebody asks for the checks."""
    return _page(request, integration_named(integration))


@require_POST
@staff_action(TAKE_TO_AWS)
def check(request: HttpRequest, integration: str) -> HttpResponse:
    """Look at everything that has to be true, now."""
    found = integration_named(integration)
    return _page(request, found, checks=examine(found))


@require_POST
@staff_action(TAKE_TO_AWS)
def switch_on(request: HttpRequest, integration: str) -> HttpResponse:
    """Check, and let tenants connect production."""
    found = integration_named(integration)
    reason, actor = request.POST.get("reason", ""), Actor.person(person_of(request))
    try:
        go_live(integration=found, reason=reason, actor=actor, clock=timezone.now)
    except Problem as problem:
        checks = [Check(**each) for each in problem.extra.get("checks", [])]
        refusal = "" if checks else problem.detail
        return _page(request, found, checks=checks or None, refusal=refusal, reason=reason, status=problem.status)
    messages.success(request, f"{found.name} is live: tenants connect production by themselves.")
    return redirect("onboarding_go_live", integration=integration)


@require_POST
@staff_action(TAKE_TO_AWS)
def switch_off(request: HttpRequest, integration: str) -> HttpResponse:
    """Let nobody connect production any more."""
    found = integration_named(integration)
    reason, actor = request.POST.get("reason", ""), Actor.person(person_of(request))
    attempted(
        request,
        lambda: take_back(integration=found, reason=reason, actor=actor, now=timezone.now()),
        "Production is switched off for new connections. What is connected goes on.",
    )
    return redirect("onboarding_go_live", integration=integration)


@require_POST
@staff_action(TAKE_TO_AWS)
def listing(request: HttpRequest, integration: str) -> HttpResponse:
    """Write down what AWS shows of us."""
    found = integration_named(integration)
    form = ListingForm(request.POST)
    editing = _listing_of(form, found, Profile.objects.filter(integration=found).first())

    def change() -> None:
        day = form.cleaned_data["icon_enabled_on"]
        record_listing(
            integration=found,
            icon_enabled_at=datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None,
            console_page=form.cleaned_data["console_page"],
            actor=Actor.person(person_of(request)),
            now=timezone.now(),
        )

    if form.is_valid() and editing.save(lambda: _listed(_locked(found)), change):
        messages.success(request, "Written down.")
        return redirect("onboarding_go_live", integration=integration)
    return _page(request, found, editing=editing, status=editing.status)


def _page(
    request: HttpRequest,
    integration: Integration,
    *,
    checks: list[Check] | None = None,
    refusal: str = "",
    reason: str = "",
    editing: Editing | None = None,
    status: int = 200,
) -> HttpResponse:
    environment = integration.environments.filter(kind=Environment.Kind.PRODUCTION).first()
    profile = Profile.objects.filter(integration=integration).first()
    editing = editing or _listing_of(ListingForm(initial=_listed(profile)), integration, profile)
    context = {
        "integration": integration,
        "environment": environment,
        "profile": profile,
        "checks": checks,
        "failed": sum(not each.passed for each in checks or []),
        "refusal": refusal,
        "reason": reason,
        "form": editing.form,
        "editing": editing,
        "connected": Source.objects.filter(environment=environment, account__isnull=False)
        .exclude(desired="absent")
        .count()
        if environment
        else 0,
        "acts": may(person_of(request), TAKE_TO_AWS),
    }
    return render(request, "onboarding/go_live.html", context, status=status)


def _listing_of(form: ListingForm, integration: Integration, profile: Profile | None) -> Editing:
    return Editing(form, _listed(profile), log=("integration", integration.public_id), logged=LOGGED)


def _locked(integration: Integration) -> Profile | None:
    return Profile.objects.select_for_update(no_key=True).filter(integration=integration).first()


def _listed(profile: Profile | None) -> dict[str, object]:
    return {
        "icon_enabled_on": profile.icon_enabled_at.date() if profile and profile.icon_enabled_at else None,
        "console_page": profile.console_page if profile else "",
    }
