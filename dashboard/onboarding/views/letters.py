"""Letters to AWS: written, previewed, sent from here or from a mail client, answered, reminded of."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.onboarding.acting import acted, actor_of, address_of, detail_of, version_in
from dashboard.onboarding.forms import LetterForm
from dashboard.web.doors import TAKE_TO_AWS, may, person_of, staff_action, staff_page
from integrations.aws.limits import LimitError
from integrations.kick import kick
from integrations.mail_server import mails_go_out
from integrations.onboarding.letters import (
    change_letter,
    discard_letter,
    draft_letter,
    letter_of,
    queue_letter,
    record_answer,
    record_sent_by_hand,
    withdraw_letter,
)
from integrations.onboarding.models import Attachment, Letter
from integrations.onboarding.profiles import integration_of
from integrations.onboarding.request_letter import draft_reminder, draft_request, mail_client_link
from integrations.onboarding.tasks import send_letters
from integrations.problems import Problem


@require_POST
@staff_action(TAKE_TO_AWS)
def new_letter(request: HttpRequest, integration: str) -> HttpResponse:
    """Write the request of stage 1 from what is registered, or an empty letter."""
    found = integration_of(integration)
    actor, now = actor_of(request), timezone.now()
    try:
        if request.POST.get("kind") == Letter.Kind.REQUEST:
            letter = draft_request(integration=found, actor=actor, now=now)
        else:
            letter = draft_letter(
                integration=found,
                stage=min(max(_number(request.POST.get("stage", "")), 1), 4),
                kind=Letter.Kind.OTHER,
                subject=f"{found.name}: EventBridge partner programme"[:250],
                body="Hello EventBridge partner team,\n\n\n\nKind regards\n" + actor.label,
                reply_to=actor.label,
                actor=actor,
                now=now,
            )
    except Problem as refusal:
        messages.error(request, refusal.detail)
        return redirect(address_of(found))
    return redirect(_address(letter))


@require_http_methods(["GET", "HEAD"])
@staff_page
def letter(request: HttpRequest, integration: str, letter: str) -> HttpResponse:
    """Show a letter: a draft to edit, or the copy as it was sent, with its answers."""
    found = letter_of(integration_of(integration), letter)
    return _shown(request, found, _form(found, None), found.version)


@require_POST
@staff_action(TAKE_TO_AWS)
def save(request: HttpRequest, integration: str, letter: str) -> HttpResponse:
    """Store the draft; with the button of sending, hand it over to the mailer as well."""
    found = letter_of(integration_of(integration), letter)
    form = _form(found, request.POST)
    if not form.is_valid():
        return _shown(request, found, form, version_in(request) or 0)
    given = form.cleaned_data
    try:
        changed = change_letter(
            letter=found,
            version=version_in(request),
            actor=actor_of(request),
            now=timezone.now(),
            **given | {"attachments": list(Attachment.objects.filter(public_id__in=given["attachments"]))},
        )
    except Problem as refusal:
        form.add_error(None, refusal.detail)
        current = letter_of(found.integration, letter)
        conflict = refusal.code == "changed_meanwhile"
        version = current.version if conflict else version_in(request) or 0
        return _shown(request, current, form, version, stored=current if conflict else None)
    if "send" in request.POST:
        queue_letter(letter=changed, version=changed.version, actor=actor_of(request), now=timezone.now())
        kick(send_letters)
        messages.success(request, "The letter is queued. It shows here when the mail server took it.")
    else:
        messages.success(request, "The draft is stored.")
    return redirect(_address(found))


@require_POST
@staff_action(TAKE_TO_AWS)
def act(request: HttpRequest, integration: str, letter: str, verb: str) -> HttpResponse:
    """Send again, take back, record what was sent or answered, remind, or throw a draft away."""
    found = letter_of(integration_of(integration), letter)
    actor, now = actor_of(request), timezone.now()
    here, home = _address(found), address_of(found.integration) + "#letters"
    match verb:
        case "send":
            queued = acted(
                request,
                lambda: queue_letter(letter=found, version=version_in(request), actor=actor, now=now),
                "The letter is queued.",
                here,
            )
            kick(send_letters)
            return queued
        case "withdraw":
            back = "The letter is a draft again."
            return acted(request, lambda: withdraw_letter(letter=found, actor=actor, now=now), back, here)
        case "discard":
            gone = "The draft is gone."
            return acted(request, lambda: discard_letter(letter=found, actor=actor, now=now), gone, home)
        case "sent-by-hand":
            return acted(
                request,
                lambda: record_sent_by_hand(
                    letter=found, version=version_in(request), sent_at=_moment(request, "sent_at"), actor=actor, now=now
                ),
                "The letter counts as sent; its copy stays here.",
                here,
            )
        case "answer":
            return acted(
                request,
                lambda: record_answer(
                    letter=found,
                    received_at=_moment(request, "received_at"),
                    sender=request.POST.get("sender", ""),
                    text=request.POST.get("text", ""),
                    actor=actor,
                    now=now,
                ),
                "The answer is kept beside the letter.",
                here,
            )
        case "remind":
            return _reminded(request, found)
    raise Http404


def _reminded(request: HttpRequest, found: Letter) -> HttpResponse:
    try:
        return redirect(_address(draft_reminder(letter=found, actor=actor_of(request), now=timezone.now())))
    except (Problem, LimitError) as refusal:
        messages.error(request, detail_of(refusal))
        return redirect(_address(found))


def _form(letter: Letter, data: Any) -> LetterForm:
    initial = {
        "to": letter.to,
        "cc": "\n".join(letter.cc),
        "reply_to": letter.reply_to,
        "subject": letter.subject,
        "body": letter.body,
        "attachments": [str(each.attachment.public_id) for each in letter.enclosures.select_related("attachment")],
    }
    return LetterForm(data, integration=letter.integration, initial=initial)


def _shown(
    request: HttpRequest, letter: Letter, form: LetterForm, version: int, *, stored: Letter | None = None
) -> HttpResponse:
    context = {
        "integration": letter.integration,
        "letter": letter,
        "form": form,
        "version": version,
        "stored": stored,
        "enclosures": list(letter.enclosures.select_related("attachment")),
        "answers": list(letter.answers.all()),
        "reminders": list(letter.reminders.all()),
        "mailto": mail_client_link(letter),
        "mails_go_out": mails_go_out(),
        "may_act": may(person_of(request), TAKE_TO_AWS),
        "today": timezone.now().date(),
        "now": timezone.localtime(timezone.now()),
    }
    return render(request, "onboarding/letter.html", context, status=409 if stored else 200)


def _address(letter: Letter) -> str:
    return address_of(letter.integration, "onboarding_letter", letter=letter.public_id)


def _moment(request: HttpRequest, name: str) -> datetime:
    """Return a moment entered in the zone of whoever is signed in."""
    try:
        entered = parse_datetime(request.POST.get(name, ""))
    except ValueError:
        entered = None
    if entered is None:
        raise Problem(422, "moment_invalid", "Give the day and the time.")
    return entered if timezone.is_aware(entered) else timezone.make_aware(entered)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 1
