"""Recording: the outcomes of a round in one transaction, on the session that holds the lanes."""

import struct
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg

from integrations.arrays import Int2s, int2s, int4s, uuids
from integrations.cursors import binary_cursor
from integrations.events.models import Settled
from integrations.events.outcomes import Finding, Verdict, delay, said, uuid_bytes

OBSERVED = {"unknown": 0, "none": 1, "pending": 2, "active": 3, "deleted": 4}
MOST_COUNTED = 32_000  # below the limit of a smallint
# Codes are words from outside: one with an id in it would fill the dictionary, whose keys are smallints.
MOST_CODES = 5_000
OTHER = "other_code"
ACTIVITY_STEP = 2.0  # seconds between two notes of a source's last acceptance

COPY_ATTEMPTS = """
copy attempts (event_id, source_id, at, code, tries, ms, bytes, observed, replay_id, aws_id, request_id, message)
from stdin (format binary)
"""
# PostgreSQL's binary COPY: each field is its length and its bytes. The last four may be null.
COPY_BEGIN = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"
ATTEMPT = struct.Struct("!h i16s ii iq ih ih ii ii ih".replace(" ", "")).pack
UUID_FIELD, INT_FIELD, LENGTH = struct.Struct("!i16s").pack, struct.Struct("!ii").pack, struct.Struct("!i").pack
NULL = LENGTH(-1)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL counts microseconds from here

# Each row is looked up by its key, for the same reason as in the claim.
DELETE = """
delete from {table} where ctid = any(array(
  select t.ctid from unnest(%s::int[], %s::uuid[]) as x(s, e)
  cross join lateral (select ctid from {table} where source_id = x.s and event_id = x.e limit 1) t))
"""
TO_RETRY = """
insert into retry (source_id, event_id, due_at, tries, refusals, code, replay_id, refused_since)
select * from unnest(
  %s::int[], %s::uuid[], %s::timestamptz[], %s::smallint[], %s::smallint[], %s::smallint[], %s::int[],
  %s::timestamptz[])
on conflict (source_id, event_id) do update
set due_at = excluded.due_at, tries = excluded.tries, refusals = excluded.refusals, code = excluded.code,
  refused_since = coalesce(retry.refused_since, excluded.refused_since)
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
        findings = [self._with_known_code(finding) for finding in findings]
        with self._connection.transaction(), binary_cursor(self._connection) as cursor:
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
        room = MOST_CODES - len(self._codes)
        self._connection.execute(
            "insert into outcome_codes (code) select unnest(%s::text[]) on conflict do nothing",
            [[OTHER, *sorted(codes - self._codes.keys())[: max(0, room)]]],
        )
        self._read_codes()

    def _with_known_code(self, finding: Finding) -> Finding:
        """Give a code beyond MOST_CODES the name of all others; the message keeps what AWS, or a proxy, called it."""
        if finding.code is None or finding.code in self._codes:
            return finding
        return msgspec.structs.replace(finding, code=OTHER, message=f"{finding.code}: {finding.message}")

    def _read_codes(self) -> None:
        self._codes = dict(self._connection.execute("select code, id from outcome_codes").fetchall())

    def _write_attempts(self, cursor: psycopg.Cursor, findings: list[Finding], now: datetime) -> None:
        with cursor.copy(COPY_ATTEMPTS) as copy:
            copy.write(b"".join([COPY_BEGIN, *self._attempts(findings, now), COPY_END]))

    def _attempts(self, findings: list[Finding], now: datetime) -> Iterator[bytes]:
        moment = (now - EPOCH) // timedelta(microseconds=1)
        request_ids: dict[str, bytes | None] = {}
        for finding in findings:
            if not finding.attempted:
                continue
            delivery, call = finding.delivery, finding.call
            lane = delivery.lane
            if call.request_id not in request_ids:
                request_ids[call.request_id] = uuid_bytes(call.request_id)
            aws_id, request_id = uuid_bytes(finding.aws_id), request_ids[call.request_id]
            words = None if aws_id and request_id and not finding.message else said(finding)
            message = None if words is None else words.encode()
            yield b"".join((
                ATTEMPT(
                    12, 16, delivery.event_id, 4, lane.source_id, 8, moment, 2, self._code(finding),
                    2, min(delivery.tries + 1, MOST_COUNTED), 4, call.ms, 4, finding.size, 2, OBSERVED[lane.observed],
                ),
                NULL if delivery.replay_id is None else INT_FIELD(4, delivery.replay_id),
                NULL if aws_id is None else UUID_FIELD(16, aws_id),
                NULL if request_id is None else UUID_FIELD(16, request_id),
                NULL if message is None else LENGTH(len(message)) + message,
            ))  # fmt: skip

    def _leave(self, cursor: psycopg.Cursor, table: str, findings: list[Finding]) -> None:
        if findings:
            cursor.execute(DELETE.format(table=table), _keys(findings), prepare=True)

    def _enter_retry(self, cursor: psycopg.Cursor, findings: list[Finding], now: datetime) -> None:
        if not findings:
            return
        tries = [min(finding.delivery.tries + 1, MOST_COUNTED) for finding in findings]
        refusals = [min(finding.delivery.refusals + finding.refused, MOST_COUNTED) for finding in findings]
        due = [now + delay(count) for count in tries]
        replays = [finding.delivery.replay_id for finding in findings]
        since = [now if finding.ages else None for finding in findings]
        cursor.execute(
            TO_RETRY,
            [*_keys(findings), due, int2s(tries), int2s(refusals), self._code_ids(findings), replays, since],
        )

    def _enter_dead(self, cursor: psycopg.Cursor, findings: list[Finding], now: datetime) -> None:
        if findings:
            tries = [min(finding.delivery.tries + finding.attempted, MOST_COUNTED) for finding in findings]
            words = [said(finding) for finding in findings]
            moments = [now] * len(findings)
            cursor.execute(TO_DEAD, [*_keys(findings), moments, self._code_ids(findings), int2s(tries), words])

    def _enter_settled(self, cursor: psycopg.Cursor, findings: list[Finding], now: datetime) -> None:
        if findings:
            cursor.execute(TO_SETTLED, [now, Settled.Reason.FILTERED, *_keys(findings)])

    def _note_activity(self, cursor: psycopg.Cursor, source_ids: set[int], now: datetime) -> None:
        clock = time.monotonic()
        due = [
            source_id for source_id in source_ids if clock - self._noted.get(source_id, -ACTIVITY_STEP) >= ACTIVITY_STEP
        ]
        if due:
            cursor.execute(TO_ACTIVITY, [now, int4s(due)], prepare=True)
            self._noted |= dict.fromkeys(due, clock)

    def _code_ids(self, findings: list[Finding]) -> Int2s:
        return int2s([self._code(finding) for finding in findings])

    def _code(self, finding: Finding) -> int:
        assert finding.code is not None  # only a settled delivery has none
        return self._codes[finding.code]


def _keys(findings: Iterable[Finding]) -> list[object]:
    findings = list(findings)
    return [int4s([f.delivery.lane.source_id for f in findings]), uuids([f.delivery.event_id for f in findings])]
