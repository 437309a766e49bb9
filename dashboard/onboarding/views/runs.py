"""A validation run, live: every step as it happens, what people do with it, and the report that stays."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.onboarding.acting import attempted, integration_named
from dashboard.onboarding.run_words import shown_steps, title_of
from dashboard.onboarding.views.questionnaire import download
from dashboard.web.doors import TAKE_TO_AWS, may, person_of, staff_action, staff_page
from dashboard.web.live import page_or_region
from integrations.kick import kick
from integrations.onboarding.evidence_report import canonical, pdf_of_report, report_of, sha256_of
from integrations.onboarding.models import ValidationRun
from integrations.onboarding.run_actions import (
    confirm_step,
    continue_run,
    leave_out_step,
    pause_run,
    record_result,
    stop_run,
)
from integrations.onboarding.tasks import advance_validation_runs
from integrations.onboarding.typesetting import TypesettingFailed
from tenants.audit import Actor


@require_safe
@staff_page
def run(request: HttpRequest, integration: str, run: UUID) -> HttpResponse:
    """Show a run as it goes on."""
    found = _found(integration, run)
    steps = shown_steps(found)
    title = title_of(found, steps)
    context = {
        "integration": found.integration,
        "run": found,
        "steps": steps,
        "title": title,
        "acts": may(person_of(request), TAKE_TO_AWS),
        "open": found.state in (ValidationRun.State.RUNNING, ValidationRun.State.PAUSED),
    }
    return page_or_region(request, "onboarding/run.html", (title, steps, found.state, found.result), context)


@require_POST
@staff_action(TAKE_TO_AWS)
def act(request: HttpRequest, integration: str, run: UUID, act: str) -> HttpResponse:
    """Do something with a run: the last part of the address says what."""
    found = _found(integration, run)
    actor, now = Actor.person(person_of(request)), timezone.now()
    key, note = request.POST.get("step", ""), request.POST.get("note", "")
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "pause": (lambda: pause_run(run=found, actor=actor, now=now), "The run rests."),
        "continue": (lambda: continue_run(run=found, actor=actor, now=now), ""),
        "confirm": (lambda: confirm_step(run=found, key=key, note=note, actor=actor, now=now), ""),
        "leave-out": (lambda: leave_out_step(run=found, key=key, note=note, actor=actor, now=now), ""),
        "stop": (lambda: stop_run(run=found, note=note, actor=actor, now=now), "The run is stopped."),
        "result": (
            lambda: record_result(
                run=found,
                result=request.POST.get("result", ""),  # type: ignore[arg-type]
                note=note,
                actor=actor,
                now=now,
            ),
            "The result is recorded, and the report is frozen with its hash.",
        ),
    }
    if act not in acts:
        raise Http404
    if attempted(request, *acts[act]):
        kick(advance_validation_runs)
    return redirect("onboarding_run", integration=integration, run=run)


@require_safe
@staff_page
def report(request: HttpRequest, integration: str, run: UUID) -> HttpResponse:
    """Show the evidence of a run with its hash."""
    found = _found(integration, run)
    document = report_of(found)
    context = {
        "integration": found.integration,
        "run": found,
        "report": document,
        "steps": shown_steps(found),
        "sha256": sha256_of(document),
    }
    return render(request, "onboarding/report.html", context)


@require_safe
@staff_page
def report_json(request: HttpRequest, integration: str, run: UUID) -> HttpResponse:
    """Download the canonical JSON of which the hash is made."""
    found = _found(integration, run)
    return download(canonical(report_of(found)), "application/json", f"validation-{integration}-{run}.json")


@require_safe
@staff_page
def report_pdf(request: HttpRequest, integration: str, run: UUID) -> HttpResponse:
    """Download the evidence as PDF."""
    found = _found(integration, run)
    try:
        content = pdf_of_report(found)
    except TypesettingFailed:
        messages.error(request, "The PDF could not be made. Try again, or take the JSON.")
        return redirect("onboarding_report", integration=integration, run=run)
    return download(content, "application/pdf", f"validation-{integration}-{run}.pdf")


def _found(slug: str, public_id: UUID) -> ValidationRun:
    found = (
        ValidationRun.objects.select_related("integration", "environment", "source")
        .filter(integration=integration_named(slug), public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    return found
