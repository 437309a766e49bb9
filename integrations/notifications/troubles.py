"""Reading the standing: troubles that last. Each has a subject, and ends when nobody finds it any more."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q

from integrations.aws.errors import explain
from integrations.notifications.kinds import Kind
from integrations.notifications.models import Notice
from integrations.notifications.occurrence import Occurrence, facts_of
from integrations.onboarding.waiting_work import Why, waiting_work
from integrations.registration.models import Breaker
from integrations.sources.models import Source
from tenants.identifiers import lowest_uuid_of

HELD_AFTER = timedelta(hours=1)
BREAKER_AFTER = timedelta(minutes=5)  # a probe or two may end it by itself
DEAD_LATELY = timedelta(hours=1)
QUIET = timedelta(hours=6)  # a trouble that comes back so soon is still the same one
MOST_SOURCES = 1_000  # of a kind that one sweep tells of; the others' turn is in the next

# Whose oldest held event is older than this? One look per closed lane, as for every other question about the queue.
HELD = """
select l.source_id from sources_lane l join sources_source s on s.id = l.source_id
join tenants_tenant t on t.id = s.tenant_id
cross join lateral (select event_id from pending where source_id = l.source_id order by event_id limit 1) p
where not l.publishable and s.account is not null and s.desired <> 'absent' and p.event_id < %s
and t.closed_at is null order by 1
"""
DEAD = """
select l.source_id from sources_lane l join sources_source s on s.id = l.source_id
join tenants_tenant t on t.id = s.tenant_id
where exists (select from dead where source_id = l.source_id and at > %s) and t.closed_at is null order by 1
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The subjects of all troubles that there are now, and those troubles of which nobody was told lately."""

    subjects: set[str]
    untold: list[Occurrence]


def troubles(now: datetime) -> Standing:
    """Return every trouble that there is now."""
    few = [*_breakers(now), *_overdue(now)]
    held = {f"held:{pk}": pk for pk in _ids(HELD, lowest_uuid_of(now - HELD_AFTER))}
    dead = {f"dead:{pk}": pk for pk in _ids(DEAD, now - DEAD_LATELY)}
    subjects = {*(each.subject for each in few), *held, *dead}
    told = _told(subjects, now)
    untold = [each for each in few if each.subject not in told]
    untold += _held([pk for subject, pk in held.items() if subject not in told], now)
    untold += _dead([pk for subject, pk in dead.items() if subject not in told], now)
    return Standing(subjects, untold)


def is_told(subject: str, now: datetime) -> bool:
    """Return whether people know of this trouble: it lasts, or it ended so lately that it is the same one."""
    return bool(_told([subject], now))


def _told(subjects: Iterable[str], now: datetime) -> set[str]:
    known = Notice.objects.filter(subject__in=subjects).filter(Q(ended_at=None) | Q(ended_at__gt=now - QUIET))
    return set(known.values_list("subject", flat=True))


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


def _held(ids: list[int], now: datetime) -> Iterator[Occurrence]:
    for source in _sources(ids):
        subject = f"held:{source.pk}"
        yield Occurrence(
            Kind.HELD, f"{subject}:{now:%Y%m%dT%H%M%S}", now, source, subject=subject, facts=facts_of(source)
        )


def _dead(ids: list[int], now: datetime) -> Iterator[Occurrence]:
    for source in _sources(ids):
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


def _ids(statement: str, moment: datetime | UUID) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [moment])
        return [pk for (pk,) in cursor.fetchall()]


def _sources(ids: list[int]) -> Iterable[Source]:
    some = ids[:MOST_SOURCES]
    return Source.objects.filter(pk__in=some).select_related("tenant", "environment__integration").order_by("pk")
