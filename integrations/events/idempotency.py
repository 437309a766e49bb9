"""Recognising an id that was posted before: which weekly tables to write and to ask, and the key in them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from integrations.events.storage import week_table

# A poster that began before the change of week, or whose clock is behind, does not look into the new table.
OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Weeks:
    """Names of the tables: `current` is written, `earlier` are asked, `overlapping` is written too around a change."""

    current: str
    earlier: tuple[str, ...]
    overlapping: str | None


def weeks_at(now: datetime, days: int) -> Weeks:
    """Return the tables for a post at `now`, when ids are remembered for `days` days."""
    current = week_table(now)
    earlier = tuple(week_table(now - timedelta(weeks=n)) for n in range(1, ceil(days / 7) + 1))
    before = week_table(now - OVERLAP)
    return Weeks(current, earlier, before if before != current else None)


def key_of(environment_id: int, caller_id: str) -> bytes:
    """Return the key of a caller's id, 16 bytes: unique per environment, whatever the id contains."""
    content = environment_id.to_bytes(8, "big") + caller_id.encode()
    return hashlib.md5(content, usedforsecurity=False).digest()
