"""Sent and kept: what was sent while AWS would not deliver it is replayed once AWS says ACTIVE, each delivery once.

Twice asked for: at once, and again when no publisher can still have had anything in hand from before the activation.
The second replay finds only what the first did not: a delivery that was sent while ACTIVE is not doubtful any more.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from integrations.events.delivery_filter import DOUBTFUL, DeliveryFilter
from integrations.events.replays import forecast, request_replay
from integrations.sources.models import Desired, Observed, Source
from integrations.sources.row_locks import lock_source
from tenants.audit import Actor
from tenants.identifiers import moment_of

STRAGGLERS = timedelta(minutes=2)  # a publisher's round and its recording are over by then
CLOCKS = timedelta(minutes=1)
ACTOR = Actor.system("sent and kept")

OLDEST = """
select event_id from attempts where source_id = %s and at >= %s and observed <> 3 order by event_id limit 1
"""


def replay_kept(now: datetime) -> int:
    """Ask for the replays that are owed to sources which are ACTIVE; return how many were asked for."""
    return sum(_replay(source, now) for source in _owed(now))


def _owed(now: datetime) -> QuerySet[Source]:
    active = Source.objects.filter(
        kept_since__isnull=False, desired=Desired.PRESENT, observed=Observed.ACTIVE, opens_at=None, suspect_since=None
    )
    return active.filter(Q(kept_replayed_at=None) | Q(kept_replayed_at__lt=now - STRAGGLERS)).order_by("pk")


def _replay(source: Source, now: datetime) -> int:
    with transaction.atomic():
        current = lock_source(source)
        if not _owed(now).filter(pk=current.pk).exists():
            return 0
        asked = _request(current, now)
        if current.kept_replayed_at is None:
            Source.objects.filter(pk=current.pk).update(kept_replayed_at=now)
        else:
            Source.objects.filter(pk=current.pk).update(kept_since=None, kept_replayed_at=None)
    return asked


def _request(source: Source, now: datetime) -> int:
    assert source.kept_since is not None
    with connection.cursor() as cursor:
        cursor.execute(OLDEST, [source.pk, source.kept_since - CLOCKS])
        row = cursor.fetchone()
    if row is None:
        return 0
    wanted = DeliveryFilter(
        environment=source.environment,
        tenant=source.tenant,
        source=source,
        states=[DOUBTFUL],
        received_from=moment_of(row[0]),
    )
    expected = forecast(wanted=wanted, now=now)
    if expected.exactly and not expected.matched:
        return 0
    request_replay(wanted=wanted, actor=ACTOR, now=now)
    return 1
