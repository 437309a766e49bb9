"""Public identifiers: UUID version 7 (RFC 9562), whose order is the order of their making."""

import os
import struct
import threading
import time
import uuid
from datetime import UTC, datetime

_pack = struct.Struct("!QQ").pack
_lock = threading.Lock()
_last = 0  # 60 bits: milliseconds << 12 | counter


def uuid7() -> uuid.UUID:
    """Return a UUIDv7: 48 bits of milliseconds, a 12-bit counter, 62 random bits.

    Ids made by one process ascend strictly, also within a millisecond and when the clock steps back.
    """
    return uuid.UUID(bytes=uuid7s(1)[0])


def uuid7s(count: int) -> list[bytes]:
    """Return `count` ascending UUIDv7, 16 bytes each: for batches, where objects cost more than the rest."""
    global _last
    with _lock:
        first = max(_last + 1, time.time_ns() // 1_000_000 << 12)
        _last = first + count - 1
    noise = struct.unpack(f"!{count}Q", os.urandom(8 * count))
    return [
        _pack((clock >> 12) << 16 | 0x7000 | clock & 0xFFF, 1 << 63 | noise[i] >> 2)
        for i, clock in enumerate(range(first, first + count))
    ]


def text_of(identifier: bytes) -> str:
    """Return the usual form of a UUID given as 16 bytes."""
    digits = identifier.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def lowest_uuid_of(moment: datetime) -> uuid.UUID:
    """Return the smallest UUID whose time part is `moment`: a bound for ranges of ids."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def moment_of(identifier: uuid.UUID) -> datetime:
    """Return the moment at which a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, tz=UTC)
