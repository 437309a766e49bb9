"""Letters to AWS: drafting, changing, handing over to the mailer or taking along by hand, and what AWS answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import Http404

from integrations.onboarding.business_days import after_business_days
from integrations.onboarding.conflicts import claim_version
from integrations.onboarding.models import Answer, Attachment, Letter, LetterAttachment
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants import audit
from tenants.audit import Actor

AWS_ADDRESS = "eventbridge-partners@amazon.com"
ANSWER_IN_BUSINESS_DAYS = 3  # AWS takes two to three
LONGEST_BODY = 100_000
LONGEST_SUBJECT = 250
# Mail servers take 25 MB as a rule, and an attachment grows by a third on its way.
LARGEST_ENCLOSURES = 18 * 1024 * 1024
State = Letter.State


def draft_letter(
    *,
    integration: Integration,
    stage: int,
    kind: Letter.Kind,
    subject: str,
    body: str,
    actor: Actor,
    now: datetime,
    to: str = AWS_ADDRESS,
    cc: Sequence[str] = (),
    reply_to: str = "",
    attachments: Sequence[Attachment] = (),
    about: Letter | None = None,
) -> Letter:
    """Write a draft. Raises Problem 422 `letter_invalid` with what is wrong."""
    letter = Letter(integration=integration, stage=stage, kind=kind, about=about, created_at=now)
    letter.created_by = actor.label[:200]
    _fill(letter, to=to, cc=cc, reply_to=reply_to, subject=subject, body=body)
    _check_enclosures(integration, attachments)
    with transaction.atomic():
        letter.save()
        for attachment in attachments:
            LetterAttachment.objects.create(letter=letter, attachment=attachment)
        _record("letter:draft", letter, actor, now)
    return letter


def change_letter(
    *,
    letter: Letter,
    version: int | None,
    to: str,
    cc: Sequence[str],
    reply_to: str,
    subject: str,
    body: str,
    actor: Actor,
    now: datetime,
    attachments: Sequence[Attachment] | None = None,
) -> Letter:
    """Change a draft, and for `attachments` other than None what goes with it.

    Raises Problem 422 `letter_invalid`, 409 `letter_not_draft` or `changed_meanwhile`.
    """
    with transaction.atomic():
        current = locked_letter(letter)
        _require(current, State.DRAFT)
        claim_version(current, version)
        _fill(current, to=to, cc=cc, reply_to=reply_to, subject=subject, body=body)
        if attachments is not None:
            _check_enclosures(current.integration, attachments)
            current.enclosures.exclude(attachment__in=attachments).delete()
            for attachment in attachments:
                LetterAttachment.objects.get_or_create(letter=current, attachment=attachment)
        current.save()
        _record("letter:change", current, actor, now)
    return current


def discard_letter(*, letter: Letter, actor: Actor, now: datetime) -> None:
    """Throw a draft away; again changes nothing. Raises Problem 409 `letter_not_draft`."""
    with transaction.atomic():
        current = Letter.objects.select_for_update().filter(pk=letter.pk).first()
        if current is None:
            return
        _require(current, State.DRAFT)
        _record("letter:discard", current, actor, now)
        current.delete()


def queue_letter(*, letter: Letter, version: int | None, actor: Actor, now: datetime) -> Letter:
    """Hand a draft, or one that failed, over to the mailer; one that is queued or sent stays as it is.

    The edge that calls this kicks `send_letters`. Raises Problem 409 `changed_meanwhile`.
    """
    with transaction.atomic():
        current = locked_letter(letter)
        if current.state in (State.QUEUED, State.SENT):
            return current
        claim_version(current, version)
        current.state, current.queued_at, current.due_at = State.QUEUED, now, now
        current.tries, current.failure, current.sent_by = 0, "", actor.label[:200]
        current.save()
        _record("letter:queue", current, actor, now)
    return current


def withdraw_letter(*, letter: Letter, actor: Actor, now: datetime) -> Letter:
    """Take a letter that the mailer did not get rid of yet back into a draft.

    Raises Problem 409 `letter_sent` once it is on its way.
    """
    with transaction.atomic():
        current = locked_letter(letter)
        if current.state == State.SENT or (current.due_at is not None and current.due_at > now and not current.failure):
            raise Problem(409, "letter_sent", "The letter is on its way and cannot be taken back.")
        if current.state != State.DRAFT:
            current.state, current.queued_at, current.due_at = State.DRAFT, None, None
            current.failure = ""
            current.version += 1
            current.save()
            _record("letter:withdraw", current, actor, now)
    return current


def record_sent_by_hand(
    *, letter: Letter, version: int | None, sent_at: datetime, actor: Actor, now: datetime
) -> Letter:
    """Write down that somebody sent this text with a mail client; the copy here stays as it is.

    Raises Problem 409 `changed_meanwhile` or `letter_queued`, 422 `letter_invalid` for a moment to come.
    """
    if sent_at > now:
        raise _invalid("The letter cannot have been sent at a moment that is still to come.")
    with transaction.atomic():
        current = locked_letter(letter)
        if current.state == State.SENT:
            return current
        if current.state == State.QUEUED:
            raise Problem(409, "letter_queued", "The mailer is sending this letter. Take it back first.")
        claim_version(current, version)
        current.sent_by = actor.label[:200]
        mark_sent(current, way=Letter.Way.BY_HAND, sent_at=sent_at, actor=actor, now=now)
    return current


def mark_sent(letter: Letter, *, way: Letter.Way, sent_at: datetime, actor: Actor, now: datetime) -> None:
    """Commit that a locked letter is sent, with the day until which AWS's answer is expected."""
    letter.state, letter.sent_way, letter.sent_at = State.SENT, way, sent_at
    letter.due_at, letter.failure = None, ""
    letter.answer_expected_on = after_business_days(sent_at.date(), ANSWER_IN_BUSINESS_DAYS)
    letter.save()
    tell(
        integration=letter.integration,
        kind=Kind.SENT,
        title=f"Letter sent: {letter.subject}",
        text=f"{letter.get_sent_way_display()}, to {letter.to}.",
        actor=actor,
        now=now,
        stage=letter.stage,
    )
    _record("letter:send", letter, actor, now)


def record_answer(
    *, letter: Letter, received_at: datetime, sender: str, text: str, actor: Actor, now: datetime
) -> Answer:
    """Keep what AWS answered beside the letter. Raises Problem 422 `answer_invalid`, 409 `letter_not_sent`."""
    sender, text = sender.strip(), text.strip()
    if not text or len(text) > LONGEST_BODY or "\0" in text or not _is_line(sender, 250):
        raise Problem(422, "answer_invalid", "Give the sender of the answer and its text.")
    if received_at > now:
        raise Problem(422, "answer_invalid", "The answer cannot have come at a moment that is still to come.")
    with transaction.atomic():
        current = locked_letter(letter)
        if current.state != State.SENT:
            raise Problem(409, "letter_not_sent", "Send the letter before writing down its answer.")
        answer = Answer.objects.create(
            letter=current,
            received_at=received_at,
            sender=sender,
            text=text,
            recorded_at=now,
            recorded_by=actor.label[:200],
        )
        tell(
            integration=current.integration,
            kind=Kind.ANSWERED,
            title=f"{sender} answered: {current.subject}",
            text=text[:2_000],
            actor=actor,
            now=now,
            stage=current.stage,
        )
        _record("letter:answer", current, actor, now)
    return answer


def letter_of(integration: Integration, public_id: str) -> Letter:
    """Return a letter of this integration, or raise Http404."""
    try:
        return Letter.objects.select_related("integration").get(integration=integration, public_id=UUID(public_id))
    except (Letter.DoesNotExist, ValueError) as missing:
        raise Http404 from missing


def locked_letter(letter: Letter) -> Letter:
    """Return the row as it is now, locked until the end of the transaction."""
    return Letter.objects.select_for_update(of=("self",)).select_related("integration").get(pk=letter.pk)


def _fill(letter: Letter, *, to: str, cc: Sequence[str], reply_to: str, subject: str, body: str) -> None:
    """Put checked text into the letter. A line break in what becomes a header could add headers."""
    for address in (to, *cc, *([reply_to] if reply_to else [])):
        _check_address(address)
    if not _is_line(subject, LONGEST_SUBJECT):
        raise _invalid(f"The subject is one line of 1 to {LONGEST_SUBJECT} characters.")
    if not body.strip() or len(body) > LONGEST_BODY or "\0" in body:
        raise _invalid(f"The text of a letter has 1 to {LONGEST_BODY:,} characters.")
    letter.to, letter.cc, letter.reply_to = to, list(dict.fromkeys(cc)), reply_to
    letter.subject, letter.body = subject.strip(), body.replace("\r\n", "\n")


def _check_address(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError:
        raise _invalid(f"{address!r} is not an e-mail address.") from None


def _check_enclosures(integration: Integration, attachments: Sequence[Attachment]) -> None:
    if any(attachment.integration_id != integration.pk for attachment in attachments):
        raise _invalid("A file of another integration cannot go with this letter.")
    if sum(attachment.size for attachment in attachments) > LARGEST_ENCLOSURES:
        raise _invalid("These files are too large for one e-mail: at most 18 MiB together.")


def _is_line(text: str, longest: int) -> bool:
    return bool(text.strip()) and len(text) <= longest and text.isprintable()


def _require(letter: Letter, state: Letter.State) -> None:
    if letter.state != state:
        raise Problem(409, "letter_not_draft", "The letter is queued or sent: its copy stays as it is.")


def _invalid(detail: str) -> Problem:
    return Problem(422, "letter_invalid", detail)


def _record(action: str, letter: Letter, actor: Actor, now: datetime) -> None:
    after: dict[str, Any] = {
        "integration": str(letter.integration.public_id),
        "kind": letter.kind,
        "state": letter.state,
        "to": letter.to,
        "subject": letter.subject,
    }
    audit.record(actor=actor, action=action, at=now, object_type="letter", object_id=letter.public_id, after=after)
