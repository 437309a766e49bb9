"""What each environment sends to AWS in each region, beside what AWS allows there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from integrations.events.pacing import rate_at
from integrations.events.rollups import WATERMARK, moment_of_minute

PLACES = f"""
with complete as (select max(minute) as minute from rollups where source_id = {WATERMARK}),
used as (
  select s.environment_id, s.region, sum(r.accepted + r.failed) as entries
  from rollups r join sources_source s on s.id = r.source_id
  where r.minute = (select minute from complete) group by 1, 2)
select i.name, e.kind, e.public_id, e.publisher_account, places.region, coalesce(used.entries, 0)::int,
  p.calls_per_second, p.changed_at, (select minute from complete)
from registration_environment e join registration_integration i on i.id = e.integration_id
cross join unnest(e.regions) as places(region)
left join used on used.environment_id = e.id and used.region = places.region
left join pace p on p.publisher_account = e.publisher_account and p.region = places.region
order by i.name, e.kind, places.region
"""  # noqa: S608 - a constant of the rollups


@dataclass(frozen=True, slots=True)
class Place:
    """An environment in a region. `entries_per_second` is of the last complete minute, tries that failed included.

    `calls_allowed` is what all publishers together may call in a second, 0 without a limit; `lowered_at` is when AWS
    throttled them last, None while the whole quota is theirs. `counted_until` ends the last complete minute.
    """

    integration: str
    kind: str
    environment: UUID
    publisher_account: str
    region: str
    entries_per_second: float
    calls_allowed: float
    lowered_at: datetime | None
    counted_until: datetime | None


def quota_use(now: datetime) -> list[Place]:
    """Return every place in which something may be sent, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(PLACES)
        return [_place(now, *row) for row in cursor.fetchall()]


def _place(
    now: datetime,
    integration: str,
    kind: str,
    environment: UUID,
    account: str,
    region: str,
    entries: int,
    lowered_to: float | None,
    changed_at: datetime | None,
    complete: int | None,
) -> Place:
    quota = float(settings.PARTNER_CALLS_PER_SECOND)
    lowered = lowered_to is not None and changed_at is not None
    allowed = rate_at(float(lowered_to or 0), changed_at, now) if lowered and changed_at else quota
    return Place(
        integration,
        kind,
        environment,
        account,
        region,
        round(entries / 60, 1),
        round(allowed, 1),
        changed_at if lowered else None,
        None if complete is None else moment_of_minute(complete + 1),
    )
