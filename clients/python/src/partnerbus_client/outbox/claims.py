"""Which relay sends which events. A claim is a lease: when a relay dies, its events are free again some time later.

No transaction is open while events are sent: it would hold locks, and all writers of SQLite, for as long as the
network likes. The price is that a relay which dies between sending and marking, or which is slower than its lease, has
events sent twice; their ids make the second time a duplicate.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connections, transaction
from django.db.models import Q

from partnerbus_client.outbox.models import OutboxEvent


def claim_events(*, most: int, lease: timedelta, now: datetime, using: str) -> list[OutboxEvent]:
    """Take the oldest events that nobody has, in the order of their ids."""
    claim = uuid4()
    free = OutboxEvent.objects.using(using).waiting().filter(Q(not_before__isnull=True) | Q(not_before__lte=now))
    if connections[using].features.has_select_for_update_skip_locked:
        with transaction.atomic(using=using):
            locked = free.select_for_update(skip_locked=True).order_by("id").values_list("pk", flat=True)[:most]
            free.filter(pk__in=list(locked)).update(claim=claim, not_before=now + lease)
    else:  # two relays may choose the same events; the update gives each event to one of them
        chosen = free.order_by("id").values_list("pk", flat=True)[:most]
        free.filter(pk__in=list(chosen)).update(claim=claim, not_before=now + lease)
    return list(OutboxEvent.objects.using(using).waiting().filter(claim=claim).order_by("id"))


def release_events(rows: Collection[OutboxEvent], *, using: str) -> None:
    """Give events of one claim back at once, unless another relay has taken them since."""
    for claim in {row.claim for row in rows}:
        mine = OutboxEvent.objects.using(using).filter(pk__in=[row.pk for row in rows], claim=claim)
        mine.update(claim=None, not_before=None)
