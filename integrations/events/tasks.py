"""Celery tasks of the event path. Rows are the queue: a lost task costs seconds, the beat starts the next."""

from celery import shared_task
from django.db import connection
from django.utils import timezone

from integrations.events import publisher, storage
from integrations.kick import kick


@shared_task
def publish() -> None:
    """Publish for up to a minute if a publisher slot is free, then start the successor."""
    if publisher.publish_for_a_while():
        kick(publish)


@shared_task
def make_storage_ahead() -> None:
    """Make the partitions and weekly tables of the coming days."""
    connection.ensure_connection()
    storage.make_ahead(connection.connection, timezone.now())
