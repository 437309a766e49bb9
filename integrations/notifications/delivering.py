"""Sending e-mails: claimed, handed to the mail server outside any transaction, and the outcome committed.

Killed between the server's yes and our commit, a mail goes out a second time, under the same Message-ID. While the
server is away everything stays queued and visible, and one mail an attempt finds out whether it is back.
"""

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import make_msgid, parseaddr

from django.conf import settings
from django.core.mail import get_connection
from django.db import transaction
from django.db.models import QuerySet

from integrations.notifications.models import Message
from integrations.notifications.recipients import concerns
from integrations.notifications.texts import mail_of
from integrations.stopping import stop_requested

CLAIM = timedelta(minutes=5)  # longer than a mail server may take
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)
MOST_TRIES = 72  # about three days
MOST_IN_ONE = 50  # notices of one mail
LIFE = timedelta(seconds=20)

log = logging.getLogger(__name__)


def due_messages(now: datetime) -> QuerySet[Message]:
    """Return the e-mails whose next try is due, oldest first."""
    return Message.objects.filter(due_at__lte=now, state=Message.State.QUEUED).order_by("due_at", "pk")


def send_due(*, clock: Callable[[], datetime]) -> int:
    """Send what is due, all that is due for a person in one mail, and return how many mails went out."""
    ends_at, sent = clock() + LIFE, 0
    while clock() < ends_at and not stop_requested.is_set():
        claimed = claim(clock())
        if not claimed:
            break
        outcome = _send(claimed, clock)
        sent += outcome == "sent"
        if outcome == "away":
            break
    return sent


def claim(now: datetime) -> list[Message]:
    """Take all that is due for one person; it is due again in CLAIM if nobody reports its outcome."""
    with transaction.atomic():
        first = due_messages(now).select_for_update(skip_locked=True, of=("self",)).first()
        if first is None:
            return []
        others = due_messages(now).filter(user=first.user_id).exclude(pk=first.pk)
        rows = [first, *others.select_for_update(skip_locked=True, of=("self",))[: MOST_IN_ONE - 1]]
        keys = [row.pk for row in rows]
        Message.objects.filter(pk__in=keys).update(due_at=now + CLAIM)
    return list(Message.objects.filter(pk__in=keys).select_related("notice", "user").order_by("pk"))


def _send(messages: list[Message], clock: Callable[[], datetime]) -> str:
    user = messages[0].user
    if not user.is_active:
        _record(messages, clock(), error="This person is switched off.", final=True)
        return "refused"
    if gone := [message for message in messages if not concerns(message.notice, user)]:
        _record(gone, clock(), error="It does not concern this person any more.", final=True)
        messages = [message for message in messages if message not in gone]
        if not messages:
            return "refused"
    connection = get_connection()
    try:
        mail = mail_of(user, [message.notice for message in messages])
    except Exception:
        log.exception("a notification could not be written")
        _record(messages, clock(), error="The mail could not be written; the log says why.")
        return "refused"
    mail.extra_headers["Message-ID"] = f"<{messages[0].public_id}.{len(messages)}@{_domain()}>"
    try:
        connection.open()
    except OSError as error:  # smtplib's errors are OSErrors
        _record(messages, clock(), error=f"The mail server cannot be reached: {error}")
        return "away"
    try:
        mail.connection = connection
        mail.send()
    except smtplib.SMTPRecipientsRefused as refusal:
        codes = [code for code, _ in refusal.recipients.values()]
        _record(messages, clock(), error=f"The mail server refused the address: {refusal}", final=min(codes) >= 500)
        return "refused"
    except OSError as error:
        log.warning("a notification could not be sent: %s", error)
        _record(messages, clock(), error=f"The mail server did not take it: {error}")
        return "refused"
    finally:
        connection.close()
    _record(messages, clock())
    return "sent"


def _record(messages: list[Message], now: datetime, *, error: str = "", final: bool = False) -> None:
    tries = max(message.tries for message in messages) + 1
    final = final or tries >= MOST_TRIES
    rows = Message.objects.filter(pk__in=[message.pk for message in messages], state=Message.State.QUEUED)
    if not error:
        rows.update(state=Message.State.SENT, sent_at=now, due_at=None, tries=tries, error="")
    elif final:
        rows.update(state=Message.State.FAILED, due_at=None, tries=tries, error=error[:1000])
    else:
        delay = min(FIRST_DELAY * (1 << min(tries - 1, 10)), LONGEST_DELAY)
        rows.update(due_at=now + delay, tries=tries, error=error[:1000])


def _domain() -> str:
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return address.rpartition("@")[2] or make_msgid().rpartition("@")[2].strip(">")
