"""Celery tasks of the event path. Rows are the queue: a lost task costs seconds, the beat starts the next."""

from celery import shared_task
from django.db import connection
from django.utils import timezone

from integrations.events import dropping, hold_limit, kept, publisher, replaying, reserves, retention, rollups, storage
from integrations.kick import kick
from tenants.audit import Actor

PRUNE_SECONDS = 45.0  # and the step at hand: together far below the task's time limit


@shared_task
def publish() -> None:
    """Publish for up to a minute if a publisher slot is free, then start the successor."""
    if publisher.publish_for_a_while():
        kick(publish)


@shared_task
def replay() -> None:
    """Queue what replays ask for, for about half a minute at most; start the successor if more is due."""
    if replaying.is_any_due(timezone.now()) and replaying.replay_for_a_while(timezone.now):
        kick(replay)


@shared_task
def settle_gates() -> None:
    """Do what gates owe: replay what was sent and kept, drop what is not to be held, hand reserves over."""
    if kept.replay_kept(timezone.now()):
        kick(replay)
    dropping.drop_for_a_while(timezone.now())
    reserves.hand_over(timezone.now())


@shared_task
def make_storage_ahead() -> None:
    """Make the partitions and weekly tables of the coming days."""
    connection.ensure_connection()
    storage.make_ahead(connection.connection, timezone.now())


@shared_task
def prune() -> None:
    """Let go what is older than its retention, for up to a minute; start the successor if more can be done."""
    try:
        report = retention.prune(actor=Actor.system("prune"), now=timezone.now(), seconds=PRUNE_SECONDS)
    except retention.AnotherPrune:
        return
    if report.changed and not report.finished:
        kick(prune)


@shared_task
def enforce_hold_limit() -> None:
    """Make dead what was held for too long, and warn of what nearly was."""
    hold_limit.enforce(timezone.now())


@shared_task
def roll_up() -> None:
    """Derive the figures of the last minutes; a minute later they are replaced, because recordings commit late."""
    rollups.roll_up(timezone.now())
