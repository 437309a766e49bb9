"""The Celery tasks of notifications. Rows are the queue: a lost task costs seconds, the beat starts the next."""

from celery import shared_task
from django.utils import timezone

from integrations.notifications.delivering import due_messages, send_due
from integrations.notifications.sweep import notice_what_happened


@shared_task
def notify() -> None:
    """Turn what happened into messages."""
    notice_what_happened(now=timezone.now())


@shared_task
def send_notifications() -> None:
    """Send the e-mails that are due, for at most twenty seconds."""
    if due_messages(timezone.now()).exists():
        send_due(clock=timezone.now)
