"""One item of a checklist: what it asks for, how it is proven, who does it, and what was said about it."""

from functools import partial
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.onboarding.acting import acted, actor_of, address_of, day_in, version_in
from dashboard.onboarding.places import place_of_work
from dashboard.onboarding.views.integration import TONES, keep_upload
from dashboard.web.doors import TAKE_TO_AWS, may, person_of, staff_action, staff_page
from integrations.onboarding.assignments import assign_item, candidate, candidates
from integrations.onboarding.checklist_help import HELP
from integrations.onboarding.models import ChecklistItem, TimelineEntry
from integrations.onboarding.profiles import integration_of
from integrations.onboarding.proving import check_item
from integrations.onboarding.stages import complete_item, is_open, reopen_item
from integrations.onboarding.timeline import comment

HIDDEN = {"says", "probes"}


@require_safe
@staff_page
def item(request: HttpRequest, integration: str, item: str) -> HttpResponse:
    """Show an item with its evidence, its history and what can be done about it."""
    found = _found(integration, item)
    evidence = found.evidence or {}
    context = {
        "integration": found.stage.integration,
        "item": found,
        "help": HELP.get(found.key, ""),
        "place": place_of_work(found),
        "evidence": [(name.replace("_", " "), _plain(value)) for name, value in evidence.items() if name not in HIDDEN],
        "probes": evidence.get("probes", []),
        "says": evidence.get("says", ""),
        "files": list(found.attachments.all()),
        "entries": list(TimelineEntry.objects.filter(item=found)[:50]),
        "people": list(candidates()),
        "is_open": is_open(found.stage),
        "may_act": may(person_of(request), TAKE_TO_AWS),
        "tones": TONES,
    }
    return render(request, "onboarding/item.html", context)


@require_POST
@staff_action(TAKE_TO_AWS)
def confirm(request: HttpRequest, integration: str, item: str) -> HttpResponse:
    """Confirm an item by hand, with how it is known."""
    found = _found(integration, item)
    note = request.POST.get("note", "")[:10_000]

    def act() -> None:
        if request.FILES.get("file"):
            keep_upload(request, found.stage.integration, found)
        complete_item(item=found, note=note, version=version_in(request), actor=actor_of(request), now=timezone.now())

    return acted(request, act, f"Confirmed: {found.title}.", _address(found))


@require_POST
@staff_action(TAKE_TO_AWS)
def reopen(request: HttpRequest, integration: str, item: str) -> HttpResponse:
    """Take a confirmation back."""
    found = _found(integration, item)
    note = request.POST.get("note", "")[:10_000]
    return acted(
        request,
        lambda: reopen_item(
            item=found, note=note, version=version_in(request), actor=actor_of(request), now=timezone.now()
        ),
        f"Open again: {found.title}.",
        _address(found),
    )


@require_POST
@staff_action(TAKE_TO_AWS)
def check(request: HttpRequest, integration: str, item: str) -> HttpResponse:
    """Look at the facts now."""
    found = _found(integration, item)
    return acted(
        request,
        lambda: check_item(item=found, actor=actor_of(request), clock=timezone.now),
        "The facts were looked at just now.",
        _address(found),
    )


@require_POST
@staff_action(TAKE_TO_AWS)
def assign(request: HttpRequest, integration: str, item: str) -> HttpResponse:
    """Say who does it until when."""
    found = _found(integration, item)
    return acted(
        request,
        lambda: assign_item(
            item=found,
            assignee=candidate(request.POST.get("assignee", "")),
            due_on=day_in(request, "due_on"),
            version=version_in(request),
            actor=actor_of(request),
            now=timezone.now(),
        ),
        "Assigned.",
        _address(found),
    )


@require_POST
@staff_action(TAKE_TO_AWS)
def say(request: HttpRequest, integration: str, item: str) -> HttpResponse:
    """Say something about the item."""
    found = _found(integration, item)
    text = request.POST.get("text", "")
    return acted(
        request,
        lambda: comment(
            integration=found.stage.integration, item=found, text=text, actor=actor_of(request), now=timezone.now()
        ),
        "",
        _address(found),
    )


@require_POST
@staff_action(TAKE_TO_AWS)
def add_file(request: HttpRequest, integration: str, item: str) -> HttpResponse:
    """Keep a file with the item."""
    found = _found(integration, item)
    keep = partial(keep_upload, request, found.stage.integration, found)
    return acted(request, keep, "The file is kept.", _address(found))


def _found(integration: str, item: str) -> ChecklistItem:
    owner = integration_of(integration)
    items = ChecklistItem.objects.select_related("stage__integration", "assignee", "done_by")
    try:
        return items.get(stage__integration=owner, public_id=UUID(item))
    except (ChecklistItem.DoesNotExist, ValueError) as missing:
        raise Http404 from missing


def _address(item: ChecklistItem) -> str:
    return address_of(item.stage.integration, "onboarding_item", item=item.public_id)


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
