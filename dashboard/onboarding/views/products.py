"""Beginning an integration, changing what AWS is told, its receiving side, handing it over, and putting it away."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods

from dashboard.onboarding.acting import acted, actor_of, address_of, detail_of
from dashboard.onboarding.forms import HandOverForm, NewIntegrationForm, ProductForm, ReceiverForm
from dashboard.web.doors import TAKE_TO_AWS, person_of, staff_action
from dashboard.web.edit_conflict import Editing
from integrations.aws.limits import LimitError
from integrations.onboarding.assignments import candidate, hand_over
from integrations.onboarding.event_catalogue import checked_names
from integrations.onboarding.models import Profile
from integrations.onboarding.profiles import (
    archive,
    change_profile,
    change_receiver,
    checked_profile,
    integration_of,
    locked_profile,
)
from integrations.onboarding.stages import begin_integration
from integrations.problems import Problem
from integrations.registration.models import Integration

GET_AND_POST = ["GET", "HEAD", "POST"]
LOGGED_OF_RECEIVER = {"role_arn": "receiver_role_arn", "queue_url": "receiver_queue_url"}


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
    """Change what AWS is told of the product."""
    found = integration_of(integration)
    form = ProductForm(request.POST or None, initial=_of_product(found.profile))
    editing = Editing(form, _of_product(found.profile), log=("integration", found.public_id))

    def change() -> None:
        change_profile(integration=found, actor=actor_of(request), now=timezone.now(), **form.cleaned_data)

    if form.is_valid() and editing.save(lambda: _of_product(locked_profile(found)), change):
        messages.success(request, "The changes are stored.")
        return redirect(address_of(found))
    context = {"integration": found, "form": form, "editing": editing}
    return render(request, "onboarding/edit.html", context, status=editing.status)


@require_http_methods(GET_AND_POST)
@staff_action(TAKE_TO_AWS)
def receiver(request: HttpRequest, integration: str) -> HttpResponse:
    """Name the receiving side, so that stage 2 is done and seen from here."""
    found = integration_of(integration)
    form = ReceiverForm(request.POST or None, initial=_of_receiver(found.profile))
    editing = Editing(
        form, _of_receiver(found.profile), log=("integration", found.public_id), logged=LOGGED_OF_RECEIVER
    )

    def change() -> None:
        change_receiver(integration=found, actor=actor_of(request), now=timezone.now(), **form.cleaned_data)

    if form.is_valid() and editing.save(lambda: _of_receiver(locked_profile(found)), change):
        messages.success(request, "The receiving side is stored.")
        return redirect(address_of(found, "onboarding_development"))
    context = {"integration": found, "form": form, "editing": editing}
    return render(request, "onboarding/receiver.html", context, status=editing.status)


@require_http_methods(GET_AND_POST)
@staff_action(TAKE_TO_AWS)
def hand_over_page(request: HttpRequest, integration: str) -> HttpResponse:
    """Give the lead, and what is open of it, to somebody else."""
    found = integration_of(integration)
    form = HandOverForm(request.POST or None, initial=_of_lead(found.profile))
    editing = Editing(form, _of_lead(found.profile), log=("integration", found.public_id))

    def change() -> None:
        lead, note = candidate(form.cleaned_data["lead"]), form.cleaned_data["note"]
        hand_over(integration=found, lead=lead, note=note, actor=actor_of(request), now=timezone.now())

    if form.is_valid() and editing.save(lambda: _of_lead(locked_profile(found)), change):
        messages.success(request, "Handed over.")
        return redirect(address_of(found))
    context = {"integration": found, "form": form, "editing": editing}
    return render(request, "onboarding/hand_over.html", context, status=editing.status)


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


def _of_product(profile: Profile) -> dict[str, Any]:
    return {
        "name": profile.integration.name,
        "company": profile.company,
        "domain": profile.domain,
        "partner_emails": "\n".join(profile.partner_emails),
        "landing_page": profile.landing_page,
    }


def _of_receiver(profile: Profile) -> dict[str, Any]:
    return {
        "role_arn": profile.receiver_role_arn,
        "external_id": profile.receiver_external_id,
        "queue_url": profile.receiver_queue_url,
    }


def _of_lead(profile: Profile) -> dict[str, Any]:
    return {"lead": str(profile.lead.public_id) if profile.lead else ""}
