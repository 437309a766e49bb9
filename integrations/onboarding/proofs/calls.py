"""Proofs from the attempts: what was sent to AWS, in which calls, and what became of it.

Attempts are kept for an environment's retention only. What they once proved stays proven when they are gone; only an
attempt that contradicts it takes the proof away.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from integrations.aws.limits import MAX_ENTRIES
from integrations.onboarding.proofs.finding import Facts, Finding, fails, holds, moment
from integrations.registration.models import Environment

FAILING = 20  # refusals in a row that say that nothing is accepted any more

# No index leads to the accepted attempts of a source. The minutes around the newest one are few blocks of the index by
# moment; failures and what was sent while AWS would not deliver have indexes by source.
AROUND = timedelta(minutes=2)
Statement = tuple[str, ...]
MINE: Statement = ("with mine as (select id from sources_source where environment_id = %(environment)s)",)
RECENT: Statement = (
    *MINE,
    """, newest as materialized (
  select a.* from attempts a join mine on mine.id = a.source_id where a.at between %(from)s and %(until)s
  order by a.at desc limit 5000)""",
)
FAILED: Statement = (
    *MINE,
    """, failed as materialized (
  select a.* from attempts a join mine on mine.id = a.source_id where a.code <> 0 and a.at > %(since)s
  order by a.at desc limit 200)""",
)
LAST_ACCEPTED: Statement = (*MINE, "select max(last_accepted_at) from activity join mine on mine.id = source_id")
REFUSED_SINCE: Statement = (
    *MINE,
    """select count(*) from (select 1 from attempts a join mine on mine.id = a.source_id
  where a.code <> 0 and a.at > %(until)s limit %(failing)s) x""",
)
ACCEPTED: Statement = (
    *RECENT,
    "select event_id, aws_id, request_id, at from newest where code = 0 order by at desc limit 1",
)
WITHOUT_ID: Statement = (
    *RECENT,
    "select event_id from newest where code = 0 and aws_id is null and message is null limit 1",
)
ACCEPTED_TWICE: Statement = (
    *RECENT,
    """select event_id from newest where code = 0 and replay_id is null
group by event_id, source_id having count(*) > 1 limit 1""",
)
CALLS: Statement = (
    *RECENT,
    """, calls as (select request_id, count(*) as entries, sum(bytes) as size, max(at) as at from newest
  where request_id is not null group by request_id)
select request_id, entries, (select max(size) from calls), at from calls order by entries desc, at desc limit 1""",
)
WHILE_PENDING: Statement = (
    *MINE,
    """select a.event_id, a.aws_id, a.request_id, a.at from attempts a join mine on mine.id = a.source_id
where a.observed <> 3 and a.observed = 2 and a.code = 0 and a.at > %(since)s order by a.at desc limit 1""",
)
MIXED: Statement = (
    *FAILED,
    """select f.request_id, x.accepted, x.refused, f.at from failed f cross join lateral (
  select count(*) filter (where code = 0) as accepted, count(*) filter (where code <> 0) as refused from attempts
  where request_id = f.request_id and at between f.at - interval '5 s' and f.at + interval '5 s') x
where f.request_id is not null and x.accepted > 0 order by f.at desc limit 1""",
)
SENT_AGAIN: Statement = (
    *FAILED,
    """select f.event_id, f.at, c.code, n.request_id, n.at from failed f join outcome_codes c on c.id = f.code
join attempts n on n.event_id = f.event_id and n.source_id = f.source_id and n.code = 0 and n.at > f.at
order by n.at desc limit 1""",
)


def event_accepted(facts: Facts) -> Finding:
    """AWS accepted an event, and did not refuse all of the newest."""
    last = _last_accepted(facts)
    if last is None:
        return fails("AWS has accepted no event of the test environment yet: send one.")
    if _rows(facts, REFUSED_SINCE)[0][0] >= FAILING:
        return fails(f"Since {last:%d %b, %H:%M} UTC AWS has refused everything: look at the attempts.")
    if accepted := _one(facts, ACCEPTED):
        return holds("AWS accepted it.", **_attempt(accepted))
    return holds("AWS accepted events; their attempts are older than the retention.", at=moment(last))


def sent_while_pending(facts: Facts) -> Finding:
    """Events go out at once while the source is PENDING, and would do so now."""
    if facts.test is None or facts.test.gate_policy != Environment.GatePolicy.SEND_AND_KEEP:
        return fails("The test environment holds events while a source is PENDING. Let it send and keep them.")
    return _shown(
        facts,
        _one(facts, WHILE_PENDING),
        "AWS accepted it while the source was PENDING.",
        "No event was sent while its source was PENDING yet: send one before the bus is created.",
    )


def entries_inspected(facts: Facts) -> Finding:
    """Of one call some entries were accepted and some not, and each has its own outcome."""
    if unread := _one(facts, WITHOUT_ID):
        return fails(f"The event {unread[0]} counts as accepted without AWS's id of it: its result was not read.")
    mixed = _one(facts, MIXED)
    if mixed is None:
        return _as_before(facts, "No call has failed in part yet: let AWS refuse one entry of a call.")
    request, accepted, failed, at = mixed
    return holds(
        f"{accepted} accepted and {failed} refused in one call, each recorded.",
        request_id=str(request),
        accepted=accepted,
        refused=failed,
        at=moment(at),
    )


def retries_selective(facts: Facts) -> Finding:
    """What failed was sent again, and nothing that AWS had accepted."""
    if twice := _one(facts, ACCEPTED_TWICE):
        return fails(f"The event {twice[0]} was sent again after AWS had accepted it.")
    again = _one(facts, SENT_AGAIN)
    if again is None:
        return _as_before(facts, "No failed entry has been sent again yet.")
    event, failed_at, code, request, at = again
    return holds(
        f"Refused with {code}, sent again alone, accepted.",
        event=str(event),
        code=code,
        refused_at=moment(failed_at),
        request_id=str(request) if request else None,
        at=moment(at),
    )


def batches_bounded(facts: Facts) -> Finding:
    """The largest calls stay within 20 entries and the size limit."""
    if facts.test is None:
        return fails("Register the test environment first.")
    largest = _one(facts, CALLS)
    if largest is None:
        return _as_before(facts, "Nothing has been sent yet.")
    request, entries, size, at = largest
    if entries > MAX_ENTRIES:
        return fails(f"The call {request} had {entries} entries; AWS takes {MAX_ENTRIES}.")
    if size > facts.test.max_request_bytes:
        return fails(f"A call had {size:,} bytes; {facts.test.max_request_bytes:,} are allowed.")
    if entries < 2 and not facts.evidence:
        return fails("Every call had one entry so far: send several events at once.")
    return holds(
        f"At most {entries} entries and {int(size):,} bytes in a call.",
        request_id=str(request),
        entries=entries,
        largest_bytes=int(size),
        at=moment(at),
    )


def _shown(facts: Facts, row: tuple[Any, ...] | None, says: str, missing: str) -> Finding:
    return _as_before(facts, missing) if row is None else holds(says, **_attempt(row))


def _as_before(facts: Facts, missing: str) -> Finding:
    """What was proven from attempts that are pruned by now stays proven."""
    if facts.evidence:
        return Finding(True, str(facts.evidence.get("says", "")), facts.evidence)
    return fails(missing)


def _attempt(row: tuple[Any, ...]) -> dict[str, str | None]:
    event, aws_id, request, at = row
    return {
        "event": str(event),
        "aws_event_id": str(aws_id) if aws_id else None,
        "request_id": str(request) if request else None,
        "at": moment(at),
    }


def _one(facts: Facts, statement: Statement) -> tuple[Any, ...] | None:
    return next(iter(_rows(facts, statement)), None)


def _last_accepted(facts: Facts) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(" ".join(LAST_ACCEPTED), {"environment": facts.test.pk if facts.test else None})
        last: datetime | None = cursor.fetchone()[0]
    return last


def _rows(facts: Facts, statement: Statement) -> list[tuple[Any, ...]]:
    last = _last_accepted(facts) or facts.now
    parameters = {
        "environment": facts.test.pk if facts.test else None,
        "since": facts.now - timedelta(days=facts.test.retention_days if facts.test else 0),
        "from": last - AROUND,
        "until": last + AROUND,
        "failing": FAILING,
    }
    with connection.cursor() as cursor:
        cursor.execute(" ".join(statement), parameters)
        return list(cursor.fetchall())


PROOFS = {
    "event-accepted": event_accepted,
    "sent-while-pending": sent_while_pending,
    "entries-inspected": entries_inspected,
    "retries-selective": retries_selective,
    "batches-bounded": batches_bounded,
}
