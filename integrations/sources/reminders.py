"""Reminders: the steps of the ladder towards the end of an offer that nobody has accepted, each reached once.

A row is the fact that a step was reached; who makes messages of the rows never needs to know when. An offer is the
change by which the source became pending: a source that is offered again climbs the ladder anew, and a moment that AWS
corrects does not repeat a step.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

REACHED = """
insert into sources_expiryreminder (source_id, offer_id, hours, expires_at, at)
select s.id, o.id, step.hours, s.expires_at, %(now)s
from sources_source s
-- Only the lowest step that is reached: after a time without this job nobody is told three things at once.
cross join lateral (
    select min(hours) as hours from unnest(%(steps)s::int[]) as ladder(hours)
    where s.expires_at <= %(now)s + make_interval(hours => hours)
) step
cross join lateral (
    select id from sources_sourcechange c
    where c.source_id = s.id and c.field = 'observed' and c.after = 'pending' order by c.at desc, c.id desc limit 1
) o
where s.expires_at > %(now)s and s.expires_at <= %(furthest)s and s.observed = 'pending' and s.desired <> 'absent'
  and not exists (select from sources_expiryreminder r where r.offer_id = o.id and r.hours <= step.hours)
on conflict do nothing
"""


def remind(now: datetime) -> int:
    """Write down which offers have reached a step of the ladder since the last call; return how many.

    Safe to call twice, and at once. What was found expired meanwhile is told by its end and not by a reminder.
    """
    steps = sorted({hours for hours in settings.EXPIRY_REMINDER_HOURS if hours > 0})
    if not steps:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(REACHED, {"now": now, "steps": steps, "furthest": now + timedelta(hours=steps[-1])})
        return int(cursor.rowcount)
