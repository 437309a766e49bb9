"""The questionnaire of stage 3: its page, every answer stored by itself, and its files."""

from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.onboarding.acting import integration_named
from dashboard.onboarding.question_fields import Asked, asked_of, posted_value, seen_version
from dashboard.web.doors import TAKE_TO_AWS, may, person_of, staff_action, staff_page
from integrations.onboarding.attachments import add_attachment
from integrations.onboarding.models import AnswerVersion, Attachment, Letter, Questionnaire
from integrations.onboarding.questionnaire import answer_question
from integrations.onboarding.questionnaire_document import document_of, markdown_of, pdf_of
from integrations.onboarding.questionnaire_reading import Filled, earlier_answers, filled
from integrations.onboarding.questionnaire_template import Question
from integrations.onboarding.typesetting import TypesettingFailed
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor


@require_safe
@staff_page
def questionnaire(request: HttpRequest, integration: str) -> HttpResponse:
    """Show the questionnaire, or the button that begins it."""
    found = integration_named(integration)
    row = Questionnaire.objects.select_related("integration", "template").filter(integration=found).first()
    acts = may(person_of(request), TAKE_TO_AWS)
    if row is None:
        return render(request, "onboarding/questionnaire_none.html", {"integration": found, "acts": acts})
    return render(request, "onboarding/questionnaire.html", page_context(filled(row), acts))


@require_POST
@staff_action(TAKE_TO_AWS)
def answer(request: HttpRequest, integration: str, key: str) -> HttpResponse:
    """Store one answer; for htmx the question comes back, for others the page."""
    whole, question = asked(integration, key)
    value = posted_value(question, request.POST)
    person = Actor.person(person_of(request))
    try:
        upload = request.FILES.get("file")
        if upload is not None and isinstance(value, list):
            file = add_attachment(
                integration=whole.questionnaire.integration,
                name=upload.name or "file",
                content=upload.read(),
                actor=person,
                now=timezone.now(),
            )
            value = list(dict.fromkeys([*value, str(file.public_id)]))
        answer_question(
            questionnaire=whole.questionnaire,
            key=key,
            value=value,
            seen_version=seen_version(request.POST),
            actor=person,
            now=timezone.now(),
        )
    except Problem as problem:
        return _refused(request, integration, question, problem)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(f"{reverse('onboarding_questionnaire', args=[integration])}#{key}")
    return _question_alone(request, integration, _fresh(integration, question, note="Stored"))


@require_safe
@staff_page
def earlier(request: HttpRequest, integration: str, key: str) -> HttpResponse:
    """Show every answer that was ever given to a question, also one that came second."""
    whole, question = asked(integration, key)
    files = Attachment.objects.filter(integration=whole.questionnaire.integration)
    names = {str(file.public_id): file.name for file in files} if question.kind == "file" else {}
    context = {
        "integration": whole.questionnaire.integration,
        "question": question,
        "versions": [(version, _spoken(version, names)) for version in earlier_answers(whole.questionnaire, key)],
    }
    return render(request, "onboarding/earlier_answers.html", context)


@require_safe
@staff_page
def pdf(request: HttpRequest, integration: str) -> HttpResponse:
    """Download the questionnaire as PDF."""
    whole = _whole(integration)
    try:
        content = pdf_of(whole)
    except TypesettingFailed:
        messages.error(request, "The PDF could not be made. Try again, or take the Markdown text.")
        return redirect("onboarding_questionnaire", integration=integration)
    return download(content, "application/pdf", f"questionnaire-{integration}.pdf")


@require_safe
@staff_page
def markdown(request: HttpRequest, integration: str) -> HttpResponse:
    """Download the questionnaire as Markdown."""
    text = markdown_of(document_of(_whole(integration)))
    return download(text.encode(), "text/markdown; charset=utf-8", f"questionnaire-{integration}.md")


@require_safe
@staff_page
def template_json(request: HttpRequest, integration: str) -> HttpResponse:
    """Download the questions."""
    document = _whole(integration).questionnaire.template.document
    answer = JsonResponse(document, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer.headers["Content-Disposition"] = f'attachment; filename="questions-{integration}.json"'
    return answer


def download(content: bytes, content_type: str, name: str) -> HttpResponse:
    """Return a file that is saved and never shown inside our pages."""
    response = HttpResponse(content, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def asked(slug: str, key: str) -> tuple[Filled, Question]:
    """Return the questionnaire and one of its questions, or raise Http404."""
    whole = _whole(slug)
    question = whole.template.question(key)
    if question is None:
        raise Http404
    return whole, question


def page_context(whole: Filled, acts: bool, replaced: Asked | None = None) -> dict[str, object]:
    """Return what the page shows; `replaced` stands in for its question, with what somebody's form said."""
    sections = []
    for section in whole.sections:
        questions = [asked_of(whole, question, section.faults) for question in section.section.questions]
        if replaced is not None:
            questions = [replaced if each.question == replaced.question else each for each in questions]
        sections.append({"completeness": section, "questions": questions})
    missing = sum(section.required - section.required_done for section in whole.sections)
    integration: Integration = whole.questionnaire.integration
    letters = Letter.objects.filter(integration=integration, kind=Letter.Kind.QUESTIONNAIRE).prefetch_related(
        "answers", "attachments"
    )
    return {
        "integration": integration,
        "whole": whole,
        "row": whole.questionnaire,
        "sections": sections,
        "missing": missing,
        "faulty": sum(len(section.faults) for section in whole.sections),
        "letters": letters,
        "acts": acts,
        "now": timezone.now(),
    }


def _whole(slug: str) -> Filled:
    row = (
        Questionnaire.objects.select_related("integration", "template")
        .filter(integration=integration_named(slug))
        .first()
    )
    if row is None:
        raise Http404
    return filled(row)


def _spoken(version: AnswerVersion, names: dict[str, str]) -> str:
    if isinstance(version.value, list):
        return "\n".join(str(names.get(item, item)) for item in version.value)
    return str(version.value)


def _fresh(slug: str, question: Question, note: str = "") -> Asked:
    whole = _whole(slug)
    faults = {key: fault for section in whole.sections for key, fault in section.faults.items()}
    return replace(asked_of(whole, question, faults), note=note)


def _refused(request: HttpRequest, slug: str, question: Question, problem: Problem) -> HttpResponse:
    now = _fresh(slug, question)
    mine = posted_value(question, request.POST)
    if problem.code == "answer_changed":
        shown = replace(now, value=problem.extra["yours"], theirs=problem.extra["theirs"], fault=problem.detail)
    else:
        shown = replace(now, value=mine, refusal=problem.detail)
    if request.htmx:  # type: ignore[attr-defined]
        return _question_alone(request, slug, shown)
    context = page_context(_whole(slug), True, shown)
    return render(request, "onboarding/questionnaire.html", context, status=problem.status)


def _question_alone(request: HttpRequest, slug: str, shown: Asked) -> HttpResponse:
    whole = _whole(slug)
    context = {"asked": shown, "integration": whole.questionnaire.integration, "acts": True}
    # What somebody types stays under the hands: only what is said of it is swapped, but for files, which become a list.
    part = "question" if shown.question.kind == "file" else "question_state"
    return render(request, f"onboarding/{part}.html", context)
