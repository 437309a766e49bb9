"""Recording: the outcomes of a round in one transaction, on the session that holds the lanes."""

import time
from collections.abc import Iterable
from datetime import datetime

import psycopg

from integrations.events.models import Settled
from integrations.events.outcomes import Finding, Verdict, delay, said, uuid_or_none

OBSERVED = {"unknown": 0, "none": 1, "pending": 2, "active": 3, "deleted": 4}
MOST_COUNTED = 32_000  # below the limit of a smallint
ACTIVITY_STEP = 2.0  # seconds between two notes of a source's last acceptance

COPY_ATTEMPTS = """
copy attempts (event_id, source_id, at, code, tries, ms, bytes, observed, replay_id, aws_id, request_id, message)
from stdin (format binary)
"""
ATTEMPT_TYPES = ["uuid", "int4", "timestamptz", "int2", "int2", "int4", "int4", "int2", "int4", "uuid", "uuid", "text"]

DELETE = (
    "delete from {table} t using unnest(%s::int[], %s::uuid[]) as x(s, e) where t.source_id = x.s and t.event_id = x.e"
)
TO_RETRY = """
insert into retry (source_id, event_id, due_at, tries, refusals, code, replay_id)
select * from unnest(
  %s::int[], %s::uuid[], %s::timestamptz[], %s::smallint[], %s::smallint[], %s::smallint[], %s::int[])
on conflict (source_id, event_id) do update
set due_at = excluded.due_at, tries = excluded.tries, refusals = excluded.refusals, code = excluded.code
"""
TO_DEAD = """
insert into dead (source_id, event_id, at, code, tries, message)
select * from unnest(%s::int[], %s::uuid[], %s::timestamptz[], %s::smallint[], %s::smallint[], %s::text[])
on conflict (source_id, event_id) do update
set at = excluded.at, code = excluded.code, tries = excluded.tries, message = excluded.message
"""
TO_SETTLED = """
insert into settled (source_id, event_id, at, reason)
select s, e, %s, %s from unnest(%s::int[], %s::uuid[]) as x(s, e) on conflict do nothing
"""
TO_ACTIVITY = """
insert into activity (source_id, last_accepted_at) select s, %s from unnest(%s::int[]) as s order by s
on conflict (source_id) do update set last_accepted_at = greatest(activity.last_accepted_at, excluded.last_accepted_at)
"""


class Recorder:
    """Writes findings; remembers the dictionary of codes and when each source's last acceptance was noted."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._codes: dict[str, int] = {}
        self._noted: dict[int, float] = {}

    def record(self, findings: list[Finding], now: datetime) -> None:
        """Write attempts and move deliveries on, all or nothing. New codes are committed before."""
        self._learn_codes({finding.code for finding in findings if finding.code is not None})
        with self._connection.transaction(), self._connection.cursor() as cursor:
            self._write_attempts(cursor, findings, now)
            self._leave(cursor, "pending", [f for f in findings if not f.delivery.from_retry])
            self._leave(cursor, "retry", [f for f in findings if f.delivery.from_retry and f.verdict != Verdict.RETRY])
            self._enter_retry(cursor, [f for f in findings if f.verdict == Verdict.RETRY], now)
            self._enter_dead(cursor, [f for f in findings if f.verdict == Verdict.DEAD], now)
            self._enter_settled(cursor, [f for f in findings if f.verdict == Verdict.FILTERED], now)
            self._note_activity(
                cursor, {f.delivery.lane.source_id for f in findings if f.verdict == Verdict.ACCEPTED}, now
            )

    def _learn_codes(self, codes: set[str]) -> None:
        if codes <= self._codes.keys():
            return
        self._read_codes()
        if codes <= self._codes.keys():  # an insert that meets a conflict would burn a value of the small sequence
            return
        self._connection.execute(
            "insert into outcome_codes (code) select unnest(%s::text[]) on conflict do nothing",
            [sorted(codes - self._codes.keys())],
        )
        self._read_codes()

    def _read_codes(self) -> None:
        self._codes = dict(self._connection.execute("select code, id from outcome_codes").fetchall())

    def _write_attempts(self, cursor: psycopg.Cursor, findings: list[Finding], now: datetime) -> None:
        with cursor.copy(COPY_ATTEMPTS) as copy:
            copy.set_types(ATTEMPT_TYPES)
            for finding in findings:
                if finding.attempted:
                    copy.write_row(self._attempt(finding, now))

    def _attempt(self, finding: Finding, now: datetime) -> tuple[object, ...]:
        delivery = finding.delivery
        return (
            delivery.event_id,
            delivery.lane.source_id,
            now,
            self._code(finding),
            delivery.tries + 1,
            finding.call.ms,
            finding.size,
            OBSERVED[delivery.lane.observed],
            delivery.replay_id,
            uuid_or_none(finding.aws_id),
            uuid_or_none(finding.call.request_id),
            said(finding),
        )

    def _leave(self, cursor: psycopg.Cursor, table: str, findings: list[Finding]) -> None:
        if findings:
            cursor.execute(DELETE.format(table=table), _keys(findings))

    def _enter_retry(self, cursor: psycopg.Cursor, findings: list[Finding], now: datetime) -> None:
        if not findings:
            return
        tries = [min(finding.delivery.tries + 1, MOST_COUNTED) for finding in findings]
        refusals = [min(finding.delivery.refusals + finding.refused, MOST_COUNTED) for finding in findings]
        due = [now + delay(count) for count in tries]
        replays = [finding.delivery.replay_id for finding in findings]
        cursor.execute(TO_RETRY, [*_keys(findings), due, tries, refusals, self._code_ids(findings), replays])

    def _enter_dead(self, cursor: psycopg.Cursor, findings: list[Finding], now: datetime) -> None:
        if findings:
            tries = [finding.delivery.tries + finding.attempted for finding in findings]
            words = [said(finding) for finding in findings]
            moments = [now] * len(findings)
            cursor.execute(TO_DEAD, [*_keys(findings), moments, self._code_ids(findings), tries, words])

    def _enter_settled(self, cursor: psycopg.Cursor, findings: list[Finding], now: datetime) -> None:
        if findings:
            cursor.execute(TO_SETTLED, [now, Settled.Reason.FILTERED, *_keys(findings)])

    def _note_activity(self, cursor: psycopg.Cursor, source_ids: set[int], now: datetime) -> None:
        clock = time.monotonic()
        due = [
            source_id for source_id in source_ids if clock - self._noted.get(source_id, -ACTIVITY_STEP) >= ACTIVITY_STEP
        ]
        if due:
            cursor.execute(TO_ACTIVITY, [now, due])
            self._noted |= dict.fromkeys(due, clock)

    def _code_ids(self, findings: list[Finding]) -> list[int]:
        return [self._code(finding) for finding in findings]

    def _code(self, finding: Finding) -> int:
        assert finding.code is not None  # only a settled delivery has none
        return self._codes[finding.code]


def _keys(findings: Iterable[Finding]) -> list[object]:
    findings = list(findings)
    return [[f.delivery.lane.source_id for f in findings], [f.delivery.event_id for f in findings]]
