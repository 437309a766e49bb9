"""Sending letters: each is claimed, handed to the mail server outside any transaction, and its outcome committed.

Killed between the server's yes and our commit, a letter goes out a second time under the same Message-ID, by which
mail clients know it as the same.
"""

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.mail_server import mails_go_out
from integrations.onboarding.letters import locked_letter, mark_sent
from integrations.onboarding.models import Attachment, Letter
from integrations.onboarding.timeline import Kind, tell
from tenants.audit import Actor

CLAIM = timedelta(minutes=5)  # longer than a mail server may take
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)
LETTERS = 20  # of one task
MOST_TRIES_COUNTED = 1_000
MAILER = Actor.system("mailer")
NO_MAIL_SERVER = (
    "There is no mail server (EMAIL_URL), so nothing was sent. Send the text with your own mail client and write down "
    "that it was sent."
)

log = logging.getLogger(__name__)


class LetterRefused(Exception):
    """The mail server will never take this letter as it is."""


def due_letters(now: datetime) -> QuerySet[Letter]:
    """Return the letters whose next try is due. Later than any pause: written by a clock set back since."""
    is_due = Q(due_at__lte=now) | Q(due_at__gt=now + 2 * LONGEST_DELAY)
    return Letter.objects.filter(is_due, state=Letter.State.QUEUED).order_by("due_at")


def send_due_letters(*, clock: Callable[[], datetime]) -> int:
    """Send what is due, at most LETTERS of them, and return how many were tried."""
    for tried in range(LETTERS):
        letter = _claim(clock())
        if letter is None:
            return tried
        send_letter(letter, clock)
    return LETTERS


def send_letter(letter: Letter, clock: Callable[[], datetime]) -> None:
    """Hand a claimed letter to the mail server and commit what became of it."""
    try:
        _hand_over(letter)
    except LetterRefused as refusal:
        _fail(letter, str(refusal), clock(), final=True)
    except Exception as error:
        log.warning("a letter could not be sent", extra={"letter": str(letter.public_id)}, exc_info=True)
        _fail(letter, _words(error), clock(), final=False)
    else:
        _succeed(letter, clock())


def message_of(letter: Letter) -> EmailMessage:
    """Return the letter as it goes to the mail server."""
    message = EmailMessage(
        subject=letter.subject,
        body=letter.body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[letter.to],
        cc=letter.cc,
        reply_to=[letter.reply_to] if letter.reply_to else [],
        headers={"Message-ID": letter.message_id},
    )
    enclosures = Attachment.objects.filter(enclosures__letter=letter).defer(None).order_by("enclosures__pk")
    for attachment in enclosures:
        message.attach(attachment.name, bytes(attachment.content), attachment.content_type)
    return message


def _claim(now: datetime) -> Letter | None:
    with transaction.atomic():
        letter = due_letters(now).select_for_update(skip_locked=True).first()
        if letter is None:
            return None
        letter.due_at = now + CLAIM
        letter.failure = ""
        letter.message_id = f"<{letter.public_id.hex}@{_domain()}>"
        letter.save(update_fields=["due_at", "failure", "message_id"])
    return letter


def _hand_over(letter: Letter) -> None:
    if not mails_go_out():  # printed, it would count as sent to AWS, and prove what never happened
        raise LetterRefused(NO_MAIL_SERVER)
    try:
        message_of(letter).send()
    except smtplib.SMTPRecipientsRefused as refusal:
        codes = [code for code, _ in refusal.recipients.values()]
        words = "; ".join(f"{address}: {_text(said)}" for address, (_, said) in refusal.recipients.items())
        if all(code >= 500 for code in codes):
            raise LetterRefused(f"The mail server refused the recipient. It said: {words}") from refusal
        raise
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refusal:
        if refusal.smtp_code >= 500:
            raise LetterRefused(
                f"The mail server refused the letter. It said: {_text(refusal.smtp_error)}"
            ) from refusal
        raise


def _succeed(claimed: Letter, now: datetime) -> None:
    with transaction.atomic():
        letter = locked_letter(claimed)
        if letter.state == Letter.State.QUEUED:
            letter.version += 1
            mark_sent(letter, way=Letter.Way.MAILER, sent_at=now, actor=MAILER, now=now)


def _fail(claimed: Letter, words: str, now: datetime, *, final: bool) -> None:
    with transaction.atomic():
        letter = locked_letter(claimed)
        if letter.state != Letter.State.QUEUED:
            return
        letter.tries = min(letter.tries + 1, MOST_TRIES_COUNTED)
        letter.failure = words
        letter.state = Letter.State.FAILED if final else Letter.State.QUEUED
        letter.due_at = None if final else now + _delay(letter.tries)
        letter.version += 1
        letter.save()
        if final or letter.tries == 1:
            tell(
                integration=letter.integration,
                kind=Kind.FAILED,
                title=f"Letter not sent: {letter.subject}",
                text=words if final else f"{words} It is tried again by itself.",
                actor=MAILER,
                now=now,
                stage=letter.stage,
            )


def _delay(tries: int) -> timedelta:
    return min(FIRST_DELAY * (1 << min(tries - 1, 10)), LONGEST_DELAY)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"The mail server refused our sign-in: check EMAIL_URL. It said: {_text(error.smtp_error)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server answered {error.smtp_code}: {_text(error.smtp_error)}"
    if isinstance(error, OSError):
        return f"The mail server cannot be reached: {error}. Check EMAIL_URL and the network."
    return f"The letter could not be handed to the mail server: {type(error).__name__}: {error}"


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:500]


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("<> ") or "localhost"
