"""What is done with the questionnaire as a whole: begin, approve, other questions, the letter and AWS's answer."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.onboarding.acting import attempted, integration_named
from dashboard.web.doors import TAKE_TO_AWS, person_of, staff_action
from integrations.kick import kick
from integrations.onboarding.letters import queue_letter, record_answer
from integrations.onboarding.models import Letter, Questionnaire
from integrations.onboarding.questionnaire import begin_questionnaire, change_template
from integrations.onboarding.questionnaire_letter import draft_questionnaire_letter
from integrations.onboarding.questionnaire_reading import filled
from integrations.onboarding.questionnaire_review import approve_questionnaire, reopen_questionnaire
from integrations.onboarding.questionnaire_template import example_document, read_template
from integrations.onboarding.tasks import send_letters
from integrations.onboarding.wall_clock import moment_of
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor


@require_POST
@staff_action(TAKE_TO_AWS)
def begin(request: HttpRequest, integration: str) -> HttpResponse:
    """Make the questionnaire from our example and the integration's facts."""
    found = integration_named(integration)
    actor = Actor.person(person_of(request))
    begin_questionnaire(integration=found, actor=actor, now=timezone.now())
    return redirect("onboarding_questionnaire", integration=integration)


@require_POST
@staff_action(TAKE_TO_AWS)
def approve(request: HttpRequest, integration: str) -> HttpResponse:
    """Approve what the person has read."""
    row = _row(integration)
    revision = request.POST.get("revision", "")
    attempted(
        request,
        lambda: approve_questionnaire(
            questionnaire=row,
            seen_revision=int(revision) if revision.isascii() and revision.isdigit() else 0,
            actor=Actor.person(person_of(request)),
            now=timezone.now(),
        ),
        "The questionnaire is approved.",
    )
    return redirect("onboarding_questionnaire", integration=integration)


@require_POST
@staff_action(TAKE_TO_AWS)
def reopen(request: HttpRequest, integration: str) -> HttpResponse:
    """Take the approval back."""
    actor = Actor.person(person_of(request))
    reopen_questionnaire(questionnaire=_row(integration), actor=actor, now=timezone.now())
    messages.success(request, "The questionnaire is open again.")
    return redirect("onboarding_questionnaire", integration=integration)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(TAKE_TO_AWS)
def questions(request: HttpRequest, integration: str) -> HttpResponse:
    """Show where other questions are pasted in, and take them over when they are posted."""
    row = _row(integration)
    text, faults = request.POST.get("document", ""), []
    if request.method == "POST":
        try:
            document = example_document() if "example" in request.POST else read_template(text)
            actor = Actor.person(person_of(request))
            change_template(questionnaire=row, document=document, actor=actor, now=timezone.now())
        except Problem as problem:
            faults = problem.extra.get("faults", [problem.detail])
        else:
            messages.success(request, "The questionnaire has these questions now. Answers with the same keys are kept.")
            return redirect("onboarding_questionnaire", integration=integration)
    context = {"integration": row.integration, "row": row, "text": text, "faults": faults}
    return render(request, "onboarding/questions.html", context, status=422 if faults else 200)


@require_POST
@staff_action(TAKE_TO_AWS)
def letter(request: HttpRequest, integration: str) -> HttpResponse:
    """Draft the letter with the PDF."""
    row = _row(integration)
    actor = Actor.person(person_of(request))
    attempted(
        request,
        lambda: draft_questionnaire_letter(whole=filled(row), actor=actor, now=timezone.now()),
        "The letter is drafted, with the PDF attached. Read it, then send it.",
    )
    return redirect("onboarding_questionnaire", integration=integration)


@require_POST
@staff_action(TAKE_TO_AWS)
def send(request: HttpRequest, integration: str, letter: UUID) -> HttpResponse:
    """Hand the letter over to the mailer."""
    found = _letter(integration_named(integration), letter)
    actor = Actor.person(person_of(request))
    if attempted(
        request,
        lambda: queue_letter(letter=found, version=None, actor=actor, now=timezone.now()),
        "The letter is on its way.",
    ):
        kick(send_letters)
    return redirect("onboarding_questionnaire", integration=integration)


@require_POST
@staff_action(TAKE_TO_AWS)
def aws_answer(request: HttpRequest, integration: str, letter: UUID) -> HttpResponse:
    """Keep what AWS answered."""
    found = _letter(integration_named(integration), letter)

    def keep() -> None:
        local = parse_datetime(request.POST.get("received_at", "")) if request.POST.get("received_at") else None
        record_answer(
            letter=found,
            received_at=moment_of(local.replace(tzinfo=None), "UTC") if local else timezone.now(),
            sender=request.POST.get("sender", ""),
            text=request.POST.get("text", ""),
            actor=Actor.person(person_of(request)),
            now=timezone.now(),
        )

    try:
        attempted(request, keep, "AWS's answer stands beside the letter.")
    except ValueError:
        messages.error(request, "Write the moment like 2027-03-31T14:00, in UTC.")
    return redirect("onboarding_questionnaire", integration=integration)


def _row(slug: str) -> Questionnaire:
    integration = integration_named(slug)
    row = Questionnaire.objects.select_related("integration", "template").filter(integration=integration).first()
    if row is None:
        raise Http404
    return row


def _letter(integration: Integration, public_id: UUID) -> Letter:
    found = Letter.objects.filter(integration=integration, public_id=public_id, kind=Letter.Kind.QUESTIONNAIRE).first()
    if found is None:
        raise Http404
    return found
