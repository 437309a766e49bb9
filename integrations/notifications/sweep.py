"""The sweep: turn what happened into notices, and notices into messages for the people whom they concern.

Safe to call twice, at once, and to kill: a notice, its messages and the mark of what was read are committed together
or after one another, and the cause of a notice is unique.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from integrations.notifications.dates import dates_that_come
from integrations.notifications.history import changes_of_sources, reminders_of_expiry, settle
from integrations.notifications.kinds import Kind
from integrations.notifications.models import Message, Notice
from integrations.notifications.occurrence import Occurrence
from integrations.notifications.recipients import recipients_of
from integrations.notifications.troubles import is_told, troubles
from integrations.onboarding.appointment import mark_told, reminders_due
from integrations.sources.models import ExpiryReminder, SourceChange


def notice_what_happened(*, now: datetime) -> int:
    """Write down what nobody was told yet and return how many notices are new."""
    changes = [*changes_of_sources(now), *reminders_of_expiry(now)]
    known = set(Notice.objects.filter(cause__in=[each.cause for each in changes]).values_list("cause", flat=True))
    new = sum(note(occurrence, now) for occurrence in changes if occurrence.cause not in known)
    settle("source_changes", SourceChange, now)
    settle("expiry_reminders", ExpiryReminder, now)
    reminders = list(reminders_due(now))
    new += sum(note(occurrence, now) for occurrence in dates_that_come(reminders))
    mark_told(reminders=reminders, now=now)
    standing = troubles(now)
    new += sum(note(occurrence, now) for occurrence in standing.untold)
    return new + _end_what_is_over(standing.subjects, now)


def note(occurrence: Occurrence, now: datetime) -> bool:
    """Write one notice with its messages, unless its cause is known or its subject is in trouble already."""
    if occurrence.subject and is_told(occurrence.subject, now):
        return False
    tenant_id = occurrence.source.tenant_id if occurrence.source else occurrence.tenant_id
    with transaction.atomic():
        notice = Notice(
            kind=occurrence.kind,
            cause=occurrence.cause[:200],
            at=occurrence.at,
            tenant_id=tenant_id,
            source=occurrence.source,
            subject=occurrence.subject,
            facts=occurrence.facts,
        )
        Notice.objects.bulk_create([notice], ignore_conflicts=True)
        written = Notice.objects.filter(public_id=notice.public_id).first()
        if written is None:  # somebody else was first
            return False
        Message.objects.bulk_create(_messages(written, now))
    return True


def _messages(notice: Notice, now: datetime) -> Iterable[Message]:
    for user, wants in recipients_of(notice):
        if wants.email:
            yield Message(
                notice=notice,
                user=user,
                channel=Message.Channel.EMAIL,
                created_at=now,
                # What happens together goes out in one mail.
                due_at=now + timedelta(seconds=settings.NOTIFICATION_GATHER_SECONDS),
            )
        if wants.list:
            yield Message(
                notice=notice,
                user=user,
                channel=Message.Channel.LIST,
                state=Message.State.SENT,
                created_at=now,
                sent_at=now,
            )


def _end_what_is_over(subjects: set[str], now: datetime) -> int:
    """Close the troubles that are not found any more; of sending that failed, tell that it works again."""
    new = 0
    open_ones = Notice.objects.filter(ended_at=None).exclude(subject="").values_list("pk", "subject")
    over = [pk for pk, subject in open_ones if subject not in subjects]
    for notice in Notice.objects.filter(pk__in=over).select_related("source"):
        with transaction.atomic():
            if not Notice.objects.filter(pk=notice.pk, ended_at=None).update(ended_at=now):
                continue
            if notice.kind == Kind.FAILING and not notice.facts.get("dead_letters"):
                recovered = Occurrence(
                    Kind.RECOVERED,
                    f"over:{notice.pk}",
                    now,
                    source=notice.source,
                    tenant_id=notice.tenant_id,
                    facts=notice.facts,
                )
                new += note(recovered, now)
    return new
