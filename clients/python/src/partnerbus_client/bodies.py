"""Dividing events into requests that Partnerbus takes."""

from collections.abc import Sequence

from partnerbus_client.events import Event

MAX_EVENTS = 1_000
MAX_BODY_BYTES = 10_000_000
BATCH_FRAME = len(b'{"events":[]}')


def beginning(events: Sequence[Event], start: int, most: int, most_bytes: int) -> list[bytes]:
    """Return the bodies of the next events from `start` that fit one request; at least one, however large it is."""
    bodies: list[bytes] = []
    size = 0
    for event in events[start : start + most]:
        body = event.body
        size += len(body) + 1
        if bodies and size > most_bytes:
            break
        bodies.append(body)
    return bodies


def body_of(bodies: Sequence[bytes]) -> bytes:
    """Return the request's body."""
    return b'{"events":[%s]}' % b",".join(bodies)
