"""Where the outbox stands, for people and for monitoring."""

from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Count, Min
from django.utils import timezone

from partnerbus_client.outbox.models import OutboxEvent


@dataclass(frozen=True)
class Standing:
    """`oldest_seconds` is the age of the oldest waiting event; `dead` counts by Partnerbus's code."""

    waiting: int
    oldest_seconds: float | None
    dead: dict[str, int]


def standing(using: str = DEFAULT_DB_ALIAS) -> Standing:
    """Return what waits and what is dead now."""
    events = OutboxEvent.objects.using(using)
    waiting = events.waiting().aggregate(count=Count("pk"), since=Min("created_at"))
    dead = events.dead().values_list("code").annotate(count=Count("pk")).order_by("code")
    since = waiting["since"]
    return Standing(
        waiting=waiting["count"],
        oldest_seconds=None if since is None else (timezone.now() - since).total_seconds(),
        dead=dict(dead),
    )
