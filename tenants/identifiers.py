"""Public identifiers: UUID version 7 (RFC 9562), whose order is the order of their making."""

import os
import threading
import time
import uuid
from datetime import UTC, datetime

_lock = threading.Lock()
_last = 0  # 60 bits: milliseconds << 12 | counter


def uuid7() -> uuid.UUID:
    """Return a UUIDv7: 48 bits of milliseconds, a 12-bit counter, 62 random bits.

    Ids made by one process ascend strictly, also within a millisecond and when the clock steps back.
    """
    return uuid7s(1)[0]


def uuid7s(count: int) -> list[uuid.UUID]:
    """Return `count` ascending UUIDv7, cheaper than one by one."""
    global _last
    with _lock:
        first = max(_last + 1, time.time_ns() // 1_000_000 << 12)
        _last = first + count - 1
    noise = os.urandom(8 * count)
    return [_assemble(first + i, int.from_bytes(noise[8 * i : 8 * i + 8], "big")) for i in range(count)]


def lowest_uuid_of(moment: datetime) -> uuid.UUID:
    """Return the smallest UUID whose time part is `moment`: a bound for ranges of ids."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def moment_of(identifier: uuid.UUID) -> datetime:
    """Return the moment at which a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, tz=UTC)


def _assemble(clock: int, noise: int) -> uuid.UUID:
    milliseconds, counter = clock >> 12, clock & 0xFFF
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | noise >> 2)
