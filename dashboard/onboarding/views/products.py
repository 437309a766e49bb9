"""Beginning an integration, changing what is registered, its receiving side, handing it over, and putting it away."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods

from dashboard.onboarding.acting import acted, actor_of, address_of, detail_of, version_in
from dashboard.onboarding.forms import EnvironmentForm, NewIntegrationForm, ProductForm, ReceiverForm, of_environment
from dashboard.web.doors import TAKE_TO_AWS, person_of, staff_action
from integrations.aws.limits import LimitError
from integrations.onboarding.assignments import candidate, candidates, hand_over
from integrations.onboarding.event_catalogue import checked_names
from integrations.onboarding.profiles import archive, change_profile, change_receiver, checked_profile, integration_of
from integrations.onboarding.stages import begin_integration
from integrations.problems import Problem
from integrations.registration.environments import add_environment
from integrations.registration.models import Integration
from integrations.sources.environment_changes import change_environment

GET_AND_POST = ["GET", "HEAD", "POST"]


@require_http_methods(GET_AND_POST)
@staff_action(TAKE_TO_AWS)
def begin(request: HttpRequest) -> HttpResponse:
    """Begin an integration with both environments, whose namespaces follow from the domain."""
    form = NewIntegrationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(address_of(_begun(request, form)))
        except (Problem, LimitError) as refusal:
            form.add_error(None, detail_of(refusal))
    return render(request, "onboarding/begin.html", {"form": form})


@require_http_methods(GET_AND_POST)
@staff_action(TAKE_TO_AWS)
def edit(request: HttpRequest, integration: str) -> HttpResponse:
    """Change what AWS is told of the product. The second of two editors is shown what the first has stored."""
    found = integration_of(integration)
    form = ProductForm(request.POST or None, initial=_of_product(found))
    stored: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            change_profile(
                integration=found,
                version=version_in(request),
                actor=actor_of(request),
                now=timezone.now(),
                **form.cleaned_data,
            )
        except Problem as refusal:
            form.add_error(None, refusal.detail)
            if refusal.code == "changed_meanwhile":
                found = integration_of(integration)
                stored = _differing(form, _of_product(found))
        else:
            messages.success(request, "The changes are stored.")
            return redirect(address_of(found))
    version = found.profile.version if stored or request.method != "POST" else request.POST.get("version", "")
    context = {"integration": found, "form": form, "version": version, "stored": stored}
    return render(request, "onboarding/edit.html", context)


@require_http_methods(GET_AND_POST)
@staff_action(TAKE_TO_AWS)
def environment(request: HttpRequest, integration: str, kind: str) -> HttpResponse:
    """Change, or add, what is registered with AWS for one environment."""
    found = integration_of(integration)
    if kind not in ("test", "production"):
        raise Http404
    known = found.environments.filter(kind=kind).first()
    form = EnvironmentForm(request.POST or None, initial=of_environment(known) if known else _fresh(found, kind))
    if request.method == "POST" and form.is_valid():
        actor, now = actor_of(request), timezone.now()
        try:
            if known:
                change_environment(environment=known, settings=form.settings(kind), actor=actor, now=now)
            else:
                add_environment(integration=found, settings=form.settings(kind), actor=actor, now=now)
        except (Problem, LimitError) as refusal:
            form.add_error(None, detail_of(refusal))
        else:
            messages.success(request, f"The {kind} environment is stored.")
            return redirect(address_of(found))
    return render(request, "onboarding/environment.html", {"integration": found, "form": form, "kind": kind})


@require_http_methods(GET_AND_POST)
@staff_action(TAKE_TO_AWS)
def receiver(request: HttpRequest, integration: str) -> HttpResponse:
    """Name the receiving side, so that stage 2 is done and seen from here."""
    found = integration_of(integration)
    profile = found.profile
    initial = {
        "role_arn": profile.receiver_role_arn,
        "external_id": profile.receiver_external_id,
        "queue_url": profile.receiver_queue_url,
    }
    form = ReceiverForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_receiver(
                integration=found,
                version=version_in(request),
                actor=actor_of(request),
                now=timezone.now(),
                **form.cleaned_data,
            )
        except Problem as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(request, "The receiving side is stored.")
            return redirect(address_of(found, "onboarding_development"))
    context = {"integration": found, "form": form, "version": integration_of(integration).profile.version}
    return render(request, "onboarding/receiver.html", context)


@require_http_methods(GET_AND_POST)
@staff_action(TAKE_TO_AWS)
def hand_over_page(request: HttpRequest, integration: str) -> HttpResponse:
    """Give the lead, and what is open of it, to somebody else."""
    found = integration_of(integration)
    if request.method == "POST":
        return acted(
            request,
            lambda: hand_over(
                integration=found,
                lead=candidate(request.POST.get("lead", "")),
                note=request.POST.get("note", "")[:2_000],
                version=version_in(request),
                actor=actor_of(request),
                now=timezone.now(),
            ),
            "Handed over.",
            address_of(found),
        )
    return render(request, "onboarding/hand_over.html", {"integration": found, "people": list(candidates())})


@require_http_methods(GET_AND_POST)
@staff_action(TAKE_TO_AWS)
def archive_page(request: HttpRequest, integration: str) -> HttpResponse:
    """Put an integration away, or bring it back."""
    found = integration_of(integration)
    archived = found.profile.archived_at is None
    if request.method == "POST":
        reason = request.POST.get("reason", "")[:2_000]
        return acted(
            request,
            lambda: archive(
                integration=found, archived=archived, reason=reason, actor=actor_of(request), now=timezone.now()
            ),
            "The integration is archived." if archived else "The integration is back on the board.",
            address_of(found),
        )
    return render(request, "onboarding/archive.html", {"integration": found, "archived": archived})


def _begun(request: HttpRequest, form: NewIntegrationForm) -> Integration:
    given = form.cleaned_data
    profile = checked_profile(given["company"], given["domain"], given["partner_emails"], given["landing_page"])
    return begin_integration(
        slug=_free_slug(given["name"]),
        name=given["name"],
        environments=form.environments(),
        profile=profile | {"lead": person_of(request)},
        event_types=checked_names(given["event_types"]),
        actor=actor_of(request),
        now=timezone.now(),
    )


def _free_slug(name: str) -> str:
    """Return a slug that nobody has; two at once are told by the database."""
    wanted = slugify(name)[:50] or "integration"
    taken = set(Integration.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(slug for slug in (wanted, *(f"{wanted}-{n}" for n in range(2, 1_000))) if slug not in taken)


def _of_product(found: Integration) -> dict[str, Any]:
    profile = found.profile
    return {
        "name": found.name,
        "company": profile.company,
        "domain": profile.domain,
        "partner_emails": "\n".join(profile.partner_emails),
        "landing_page": profile.landing_page,
    }


def _differing(form: ProductForm, stored: dict[str, Any]) -> dict[str, Any]:
    """Return what is stored where it differs from what was just entered, by label."""
    return {
        str(form.fields[name].label): value for name, value in stored.items() if form.data.get(name, "") != str(value)
    }


def _fresh(found: Integration, kind: str) -> dict[str, object]:
    domain = found.profile.domain
    return {"namespace": f"aws.partner/{domain}{'.test' if kind == 'test' else ''}"} if domain else {}
