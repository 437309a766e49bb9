"""The entry for PutPartnerEvents, built once at ingest: everything but the source, which the publisher prepends.

So one stored row serves every source of its tenant, and a detail reaches the tenant exactly as it was posted.
"""

import hashlib

import msgspec

from integrations.events.parsing import PostedEvent

URN = "urn:partnerbus:event:"
LONGEST_SOURCE_NAME = 256

_encode = msgspec.json.Encoder().encode


def tail_of(event: PostedEvent, event_id: str, received: float) -> bytes:
    """Return the entry without its opening brace and Source, as UTF-8 JSON. `received` stands in for no time."""
    return b'"Time":%s,"Resources":%s,"DetailType":%s,"Detail":%s}' % (
        _encode(round(event.time if event.time is not None else received, 3)),
        _encode([*event.resources, URN + event_id]),
        _encode(event.type),
        _encode(event.detail.decode()),
    )


def head_of(source_name: str) -> bytes:
    """Return what goes in front of a stored tail to make it an entry for one source."""
    return b'{"Source":%s,' % _encode(source_name)


class StoredEntry(msgspec.Struct):
    """A stored tail, read back."""

    time: float = msgspec.field(name="Time")
    resources: list[str] = msgspec.field(name="Resources")
    type: str = msgspec.field(name="DetailType")
    detail: str = msgspec.field(name="Detail")


_stored = msgspec.json.Decoder(StoredEntry)


def read_tail(tail: bytes) -> StoredEntry:
    """Return what a tail says; its `detail` is the JSON text as posted."""
    return _stored.decode(b"{" + tail)


def fingerprint(event: PostedEvent) -> int:
    """Return 64 bits that tell one posted event from another under the same id; signed, as PostgreSQL's bigint."""
    content = _encode([event.tenant, event.type, event.time, event.resources]) + event.detail
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "big", signed=True)
