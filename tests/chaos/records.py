"""Partnerbus's own records, read from its database, which may be away for a moment."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import psycopg

from launcher.stack import Stack
from tests.chaos.reckoning import Recorded
from tests.smoke import BrokenOff
from tests.smoke.books import Delivery

PATIENCE_SECONDS = 90.0
ATTEMPTS = """
select a.event_id::text, s.public_id::text, c.code, a.aws_id::text, a.replay_id
from attempts a join sources_source s on s.id = a.source_id join outcome_codes c on c.id = a.code
where c.code in ('accepted', 'outcome_unknown')
"""
LEFT = """
select (select count(*) from pending) + (select count(*) from retry)
  + (select count(*) from replays where state not in ('done', 'cancelled'))
"""
DEAD = "select count(*) from dead"
CLOSED = """
select count(*) from sources_lane l join sources_source s on s.id = l.source_id
where s.public_id = any(%s::uuid[]) and not l.publishable
"""
# What the next regular look at a source does, which may be five minutes away.
LOOK_NOW = "update sources_source set due_at = now() where public_id = any(%s::uuid[]) and due_at > now()"


class Records:
    """The database of a stack."""

    def __init__(self, stack: Stack) -> None:
        self._database = stack.environment["DATABASE_URL"]

    def read(self) -> Recorded:
        """Return what was recorded of every delivery so far."""
        accepted: defaultdict[Delivery, set[str]] = defaultdict(set)
        replayed: defaultdict[Delivery, set[str]] = defaultdict(set)
        unanswered: Counter[Delivery] = Counter()
        for event_id, source_id, code, aws_id, replay_id in self._rows(ATTEMPTS):
            if code != "accepted":
                unanswered[event_id, source_id] += 1
            else:
                (accepted if replay_id is None else replayed)[event_id, source_id].add(aws_id)
        return Recorded(accepted, replayed, unanswered)

    def left_to_send(self) -> int:
        """Return how many deliveries wait, are held or are tried again, and how many replays are not over."""
        return int(self._rows(LEFT)[0][0])

    def dead_letters(self) -> int:
        return int(self._rows(DEAD)[0][0])

    def closed_gates(self, source_ids: Sequence[str]) -> int:
        """Return how many of these sources have a closed gate."""
        return int(self._rows(CLOSED, [list(source_ids)])[0][0])

    def look_now(self, source_ids: Sequence[str]) -> None:
        """Let AWS be asked about these sources at once."""
        self._rows(LOOK_NOW, [list(source_ids)])

    def _rows(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with psycopg.connect(self._database, autocommit=True, connect_timeout=5) as connection:
                    cursor = connection.execute(statement, parameters)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError as error:
                if time.monotonic() > give_up_at:
                    raise BrokenOff(f"the database stays away: {error}") from None
                time.sleep(0.5)
