"""Reading events from NDJSON files, each detail kept as the very bytes that the file has."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

FIELDS = '{"tenant","type","id","detail"[,"time","resources"]}'


class UnusableEvents(Exception):
    """A file of events cannot be used; the message names the line."""


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """One line of the file."""

    tenant: str
    type: str
    id: str
    detail: msgspec.Raw
    time: str | None = None
    resources: list[str] = []


@dataclass(frozen=True)
class Event:
    """What the SaaS's backend posts; `detail` is JSON text."""

    tenant: str
    type: str
    id: str
    detail: bytes
    time: str | None = None
    resources: tuple[str, ...] = ()

    @property
    def body(self) -> bytes:
        """The event as one JSON object on one line, with the detail spliced in as it is."""
        text = msgspec.json.encode
        fields = [(b"tenant", text(self.tenant)), (b"type", text(self.type)), (b"id", text(self.id))]
        if self.time is not None:
            fields.append((b"time", text(self.time)))
        if self.resources:
            fields.append((b"resources", text(self.resources)))
        fields.append((b"detail", self.detail))
        return b"{%s}" % b",".join(b'"%s":%s' % field for field in fields)


def read_events(*files: Path) -> list[Event]:
    """Return the events of all files, a line that repeats an earlier one word for word only once.

    Raises UnusableEvents with the file and the line for anything else that is wrong.
    """
    events: dict[str, Event] = {}
    places: dict[str, str] = {}
    for place, line in _lines(files):
        event = _event(place, line)
        if events.setdefault(event.id, event) != event:
            raise UnusableEvents(f"{place}: the id {event.id!r} has other content than in {places[event.id]}.")
        places.setdefault(event.id, place)
    if not events:
        raise UnusableEvents(f"There are no events in {', '.join(map(str, files))}. A line reads {FIELDS}.")
    return list(events.values())


def spread(events: list[Event], tenants: int) -> list[Event]:
    """Return the events with their tenants replaced by so many others, in turn."""
    width = len(str(tenants))
    return [replace(event, tenant=f"tenant-{number % tenants + 1:0{width}}") for number, event in enumerate(events)]


def more_like(events: list[Event], number: int, name: str) -> list[Event]:
    """Return so many events that repeat the given ones in turn, with ids of their own that begin with the name."""
    return [replace(events[each % len(events)], id=f"{name}-{each}") for each in range(number)]


def _lines(files: Iterable[Path]) -> Iterable[tuple[str, bytes]]:
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise UnusableEvents(f"{file} cannot be read: {error.strerror}.") from None
        for number, line in enumerate(content.split(b"\n"), start=1):
            if line.strip():
                yield f"{file}, line {number}", line


def _event(place: str, line: bytes) -> Event:
    try:
        line.decode()  # the decoder does not look into the detail
        read = msgspec.json.decode(line, type=Line)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError) as error:
        raise UnusableEvents(f"{place}: {error}. A line reads {FIELDS}.") from None
    detail = bytes(read.detail).strip()
    if not detail.startswith(b"{"):
        raise UnusableEvents(f"{place}: the detail is not a JSON object. A line reads {FIELDS}.")
    return Event(read.tenant, read.type, read.id, detail, read.time, tuple(read.resources))
