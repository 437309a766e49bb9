"""What happened to the seed's sources and people: histories, the audit log, notices with messages, replays."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from dashboard.seed import SeedRefused
from dashboard.seed.plan import MAIL_DOMAIN, Cast, Plan
from dashboard.seed.progress import Progress
from integrations.events.models import Replay
from integrations.notifications.history import MOST, unread
from integrations.notifications.models import Progress as Mark
from integrations.notifications.sweep import notice_what_happened
from integrations.sources.models import ExpiryReminder, SourceChange

AT_ONCE = 100_000  # changes in a transaction, which keeps others from changing sources for a second or two
REPLAYS = 300

# In the order of time, because keys are that order elsewhere. Positions of the feed are given with them.
CHANGES = """
insert into sources_sourcechange (source_id, at, cause, actor_label, field, before, after, note, confirmed_at,
  environment_id, position)
select id, at, cause, case cause when 'person' then %(person)s else '' end, field, before, after, '',
  case when before = 'active' then at - interval '5 minutes' end, %(environment)s,
  (nth - 1)::bigint * %(sources)s + row_number() over (partition by nth order by id)
from (
  select s.id, nth, %(start)s + %(span)s * nth / (%(changes)s + 1) as at, change.*
  from sources_source s cross join generate_series(%(first)s::int, %(last)s::int) as nth
  cross join lateral (
    select 'aws' as cause, 'observed' as field, 'unknown' as before, 'pending' as after
    where nth = 1 and s.provisioned_at is not null
    union all select 'aws', 'observed', 'pending', 'active' where nth = 2 and s.activated_at is not null
    union all select 'expiry', 'observed', 'pending', 'none' where nth = %(changes)s and s.observed = 'none'
    union all select 'aws', 'observed', 'active', s.observed
      where nth = %(changes)s and s.observed in ('pending', 'deleted') and s.activated_at is not null
    union all select 'person', 'desired', 'present', 'paused' where nth = %(changes)s and s.desired = 'paused'
    union all select 'person', 'drain_rate', (100 * nth)::text, (100 * nth + 100)::text
    limit 1) as change
  where s.environment_id = %(environment)s) as x
order by nth, id
"""
NOTICES = """
insert into notifications_notice (public_id, kind, cause, at, tenant_id, source_id, subject, facts)
select uuidv7(c.at - now()), case c.after when 'active' then 'activated' else 'expired' end, 'source-change:' || c.id,
  c.at, s.tenant_id, s.id, '', {facts}
from sources_sourcechange c join sources_source s on s.id = c.source_id join tenants_tenant t on t.id = s.tenant_id
join registration_environment e on e.id = s.environment_id join registration_integration i on i.id = e.integration_id
where c.environment_id = %(environment)s and c.field = 'observed' and c.after in ('active', 'none', 'deleted')
order by c.at on conflict do nothing
"""
MESSAGES = """
insert into notifications_message (public_id, notice_id, user_id, channel, state, created_at, tries, error, sent_at,
  read_at)
select uuidv7(n.at - now()), n.id, x.user_id, x.channel, 'sent', n.at, 0, '', n.at,
  case when x.channel = 'list' and n.id %% 3 <> 0 then n.at + interval '1 hour' end
from notifications_notice n join sources_source s on s.id = n.source_id
cross join lateral (
  select user_id, channel from tenants_membership m cross join unnest(array['email', 'list']) as channel
  where m.tenant_id = n.tenant_id
  union all select id, 'list' from tenants_user where email = any(%(staff)s)) as x
where s.environment_id = %(environment)s order by n.at on conflict do nothing
"""
# No line is ever removed from the log, so there are no more than a seed needs.
AUDIT = """
insert into tenants_auditentry (at, action, actor_kind, actor_label, tenant_id, object_type, object_id, request_id)
select * from (
  select %(start)s + s.id %% 600 * interval '1 minute' as at, 'source:create', 'key', %(key)s, s.tenant_id, 'source',
    s.public_id::text, '' from sources_source s where s.environment_id = %(environment)s
  union all
  select %(start)s + %(span)s * nth / 7 + t.id %% 3600 * interval '1 second', 'event:read_payload', 'person',
    %(person)s, t.id, 'event', md5(t.id::text || nth)::uuid::text, ''
  from tenants_tenant t cross join generate_series(1, 6) as nth where t.directory_id = %(directory)s) as x
order by at
"""
# As if the last step of the ladder had been reached: no further one makes a reminder.
REMINDERS = """
insert into sources_expiryreminder (source_id, offer_id, hours, expires_at, at)
select s.id, o.id, 1, s.expires_at, %(end)s from sources_source s cross join lateral (
  select id from sources_sourcechange c
  where c.source_id = s.id and c.field = 'observed' and c.after = 'pending' order by c.at desc, c.id desc limit 1) as o
where s.environment_id = %(environment)s and s.observed = 'pending' on conflict do nothing
"""
FACTS = """jsonb_build_object('tenant', t.name, 'product', i.name, 'environment', e.kind, 'source', s.name,
  'account', s.account, 'region', s.region, 'source_id', s.public_id, 'tenant_id', t.public_id)"""


def write_past(plan: Plan, cast: Cast, directory: int, progress: Progress) -> None:
    """Write what of it is missing."""
    _histories(plan, cast, progress)
    parameters = _parameters(plan, cast) | {"directory": directory}
    if Replay.objects.filter(environment=cast.environment).exists():
        return
    with _nobody_told(), connection.cursor() as cursor:
        for statement in (REMINDERS, NOTICES.replace("{facts}", FACTS), MESSAGES, AUDIT):
            cursor.execute(statement, parameters)
        _replays(plan, cast)


@contextmanager
def _nobody_told() -> Iterator[None]:
    """Let nobody be told of the histories that are written here: that would be a million notices, in their order.

    What others did is told first, then the mark is set behind everything. Nobody else can write changes meanwhile.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("lock table sources_sourcechange, sources_expiryreminder in share row exclusive mode")
        if unread("source_changes", SourceChange.objects.all()).count() >= MOST:
            raise SeedRefused("Notifications are far behind. Let a worker run until they are written, and seed then.")
        notice_what_happened(now=timezone.now())
        yield
        for history, model in (("source_changes", SourceChange), ("expiry_reminders", ExpiryReminder)):
            last = model.objects.aggregate(last=Max("pk"))["last"] or 0
            Mark.objects.update_or_create(history=history, defaults={"seen": last})


def _histories(plan: Plan, cast: Cast, progress: Progress) -> None:
    written = SourceChange.objects.filter(environment=cast.environment).aggregate(last=Max("position"))["last"] or 0
    rounds = max(1, AT_ONCE // plan.sources)
    done = written // plan.sources
    progress.advance(written, "changes")
    for first in range(done + 1, plan.changes + 1, rounds):
        last = min(first + rounds - 1, plan.changes)
        with _nobody_told(), connection.cursor() as cursor:
            cursor.execute(CHANGES, _parameters(plan, cast) | {"first": first, "last": last})
        progress.advance((last - first + 1) * plan.sources, "changes of sources")


def _parameters(plan: Plan, cast: Cast) -> dict[str, Any]:
    return {
        "environment": cast.environment,
        "sources": plan.sources,
        "changes": plan.changes,
        "start": cast.starts_at,
        "end": cast.ends_at,
        "span": cast.ends_at - cast.starts_at,
        "person": f"support@{MAIL_DOMAIN}",
        "key": "backend (seed)",
        "staff": [f"{name}@{MAIL_DOMAIN}" for name in ("operations", "support")],
    }


def _replays(plan: Plan, cast: Cast) -> None:
    """Replays that are over, of one tenant after the other."""
    moments = [cast.ends_at - timedelta(hours=2 * number) for number in range(REPLAYS, 0, -1)]
    Replay.objects.bulk_create(
        Replay(
            environment_id=cast.environment,
            tenant_id=cast.first_tenant + number % plan.tenants,
            states=["dead"],
            matched=number,
            matched_exactly=True,
            enqueued=number,
            walk=Replay.Walk.OVER,
            at_event="00000000-0000-0000-0000-000000000000",
            state=Replay.State.DONE,
            actor_label=f"support@{MAIL_DOMAIN}",
            created_at=moment,
            started_at=moment,
            ended_at=moment + timedelta(minutes=1),
        )
        for number, moment in enumerate(moments)
    )
