"""Totals: what each environment has done since ever, for counters; they are added to and never counted again."""

from dataclasses import dataclass, field

from django.db import connection

from integrations.events.models import Rollup
from integrations.events.rollups import EVER

FAILURES = """
select -source_id, c.code, failed from rollup_failures f join outcome_codes c on c.id = f.code
where f.source_id = any(%s) and f.minute = %s
"""


@dataclass(frozen=True, slots=True)
class Total:
    """One environment's. Numbers of tries start again at 0 after two thousand million, as after a restart."""

    environment_id: int
    accepted: int
    bytes: int
    failed_by_code: dict[str, int] = field(default_factory=dict)


def totals(environment_ids: list[int]) -> list[Total]:
    """Return the totals of these environments, of those that have any."""
    keys = [-environment_id for environment_id in environment_ids]
    rows = Rollup.objects.filter(source_id__in=keys, minute=EVER).values_list("source_id", "accepted", "bytes")
    found = {-key: Total(-key, accepted, size) for key, accepted, size in rows}
    with connection.cursor() as cursor:
        cursor.execute(FAILURES, [keys, EVER])
        for environment_id, code, failed in cursor.fetchall():
            found[environment_id].failed_by_code[code] = failed
    return list(found.values())
