"""Reading the standing: troubles that last. Each has a subject, and ends when nobody finds it any more."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from integrations.aws.errors import explain
from integrations.notifications.kinds import Kind
from integrations.notifications.occurrence import Occurrence, facts_of
from integrations.onboarding.waiting_work import Why, waiting_work
from integrations.registration.models import Breaker
from integrations.sources.models import Source
from tenants.identifiers import lowest_uuid_of

HELD_AFTER = timedelta(hours=1)
BREAKER_AFTER = timedelta(minutes=5)  # a probe or two may end it by itself
DEAD_LATELY = timedelta(hours=1)

# Whose oldest held event is older than this? One look per closed lane, as for every other question about the queue.
HELD = """
select l.source_id, p.event_id from sources_lane l join sources_source s on s.id = l.source_id
cross join lateral (select event_id from pending where source_id = l.source_id order by event_id limit 1) p
where not l.publishable and s.account is not null and s.desired <> 'absent' and p.event_id < %s
order by 1 limit 1000
"""
DEAD = """
select l.source_id, d.first from sources_lane l
cross join lateral (
  select min(at) as first from (select at from dead where source_id = l.source_id and at > %s limit 1) x) d
where d.first is not null order by 1 limit 1000
"""


def troubles(now: datetime) -> Iterator[Occurrence]:
    """Yield every trouble that there is now."""
    yield from _breakers(now)
    yield from _held(now)
    yield from _dead(now)
    yield from _overdue(now)


def _breakers(now: datetime) -> Iterator[Occurrence]:
    for breaker in Breaker.objects.filter(opened_at__lt=now - BREAKER_AFTER).select_related("environment__integration"):
        yield Occurrence(
            Kind.FAILING,
            f"breaker:{breaker.pk}",
            breaker.opened_at,
            subject=f"breaker:{breaker.environment_id}:{breaker.region}",
            facts={
                "product": breaker.environment.integration.name,
                "environment": breaker.environment.kind,
                "region": breaker.region,
                "code": breaker.code,
                "explanation": explain(breaker.code),
            },
        )


def _held(now: datetime) -> Iterator[Occurrence]:
    for source in _sources(HELD, lowest_uuid_of(now - HELD_AFTER)):
        subject = f"held:{source.pk}"
        yield Occurrence(
            Kind.HELD, f"{subject}:{now:%Y%m%dT%H%M%S}", now, source, subject=subject, facts=facts_of(source)
        )


def _dead(now: datetime) -> Iterator[Occurrence]:
    for source in _sources(DEAD, now - DEAD_LATELY):
        subject = f"dead:{source.pk}"
        facts = facts_of(source) | {"dead_letters": True}
        yield Occurrence(Kind.FAILING, f"{subject}:{now:%Y%m%dT%H%M%S}", now, source, subject=subject, facts=facts)


def _overdue(now: datetime) -> Iterator[Occurrence]:
    """What waits in onboarding: late stages, items and answers, letters that are not sent, proofs that broke."""
    for work in waiting_work(now):
        facts = {
            "product": work.integration.name,
            "stage": work.stage,
            "due_on": str(work.due_on) if work.due_on else "",
            "title": "" if work.why == Why.STAGE_OVERDUE else work.title,
            "person": work.person.email if work.person else "",
            "integration_id": str(work.integration.public_id),
        }
        yield Occurrence(Kind.OVERDUE, work.key, now, subject=work.key, facts=facts)


def _sources(statement: str, moment: datetime | UUID) -> list[Source]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [moment])
        found = [row[0] for row in cursor.fetchall()]
    return list(
        Source.objects.filter(pk__in=found, tenant__closed_at=None)
        .select_related("tenant", "environment__integration")
        .order_by("pk")
    )
