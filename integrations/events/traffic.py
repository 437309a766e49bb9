"""What the whole installation did over time, from the sums of its environments: for the overview's chart."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from integrations.events.rollups import minute_of, moment_of_minute

# An environment's sum has its own key, negative; source 0 has the last minute that is complete.
TRAFFIC = """
with complete as (select max(minute) as minute from rollups where source_id = 0)
select (select minute from complete), start, accepted, failed, held from (
  select minute / %(step)s * %(step)s as start, sum(accepted) as accepted, sum(failed) as failed, sum(held) as held
  from rollups
  where source_id = any(select -id::int from registration_environment) and minute >= %(start)s and minute < %(end)s
  group by 1) steps
right join (select 1) always on true
"""


@dataclass(frozen=True, slots=True)
class Traffic:
    """One number for each of `moments`, which are `step` minutes apart; the last step may not be over yet."""

    step: int
    moments: list[datetime]
    accepted: list[int]
    failed: list[int]
    held: list[int]


def traffic(*, minutes: int, step: int, now: datetime) -> Traffic:
    """Return the traffic of the last `minutes`, up to the last minute that is rolled up, in one query."""
    last = minute_of(now)
    start = (last - minutes) // step * step
    with connection.cursor() as cursor:
        cursor.execute(TRAFFIC, {"step": step, "start": start, "end": last})
        rows = cursor.fetchall()
    complete = rows[0][0]
    figures = {row[1]: row[2:] for row in rows if row[1] is not None}
    end = last if complete is None else min(complete + 1, last)
    steps = range(start, max(end, start), step)
    columns = [[int(figures.get(minute, (0, 0, 0))[place]) for minute in steps] for place in range(3)]
    return Traffic(step, [moment_of_minute(minute) for minute in steps], *columns)
