"""The books of a run: what was promised to whom, and what arrived where."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tests.smoke.backend import Source
from tests.smoke.comparing import URN, Message, differences, parsed
from tests.smoke.reading import Event

Delivery = tuple[str, str]  # event id, source id


@dataclass(frozen=True)
class Totals:
    """Deliveries by what became of them. Every event is owed to each source of its tenant."""

    events: int
    sent: int
    received: int
    lost: int
    duplicated: int
    wrong_tenant: int
    changed: int
    nobodys: int


class Books:
    """Kept by several threads at once."""

    def __init__(self, events: Iterable[Event], sources: Iterable[Source]) -> None:
        self.problems: list[str] = []
        self._lock = threading.Lock()
        self._sources: dict[str, list[Source]] = defaultdict(list)
        for source in sources:
            self._sources[source.tenant].append(source)
        self._to_post = list(events)
        self._events: dict[str, Event] = {}
        self._event_ids: dict[str, str] = {}
        self._arrived: Counter[Delivery] = Counter()
        self._unclaimed: list[tuple[Source, Message]] = []
        self._wrong_tenant = 0
        self._changed = 0

    def expect(self, events: Iterable[Event]) -> None:
        """These are going to be posted too."""
        with self._lock:
            self._to_post += events

    def note(self, problem: str) -> None:
        """Write down what must not happen; it fails the run."""
        with self._lock:
            self.problems.append(problem)

    def promise(self, event: Event, event_id: str) -> None:
        """The event is stored: each source of its tenant is owed a delivery."""
        with self._lock:
            self._events[event_id] = event
            self._event_ids[event.id] = event_id

    def event_id_of(self, event: Event) -> str | None:
        with self._lock:
            return self._event_ids.get(event.id)

    def arrive(self, source: Source, body: str) -> None:
        """A message came out of the queue of this source."""
        message = parsed(body)
        with self._lock:
            self._enter(source, message)

    def claim_late(self) -> None:
        """Enter what arrived before its sender heard that it is stored."""
        with self._lock:
            unclaimed, self._unclaimed = self._unclaimed, []
            for source, message in unclaimed:
                self._enter(source, message)

    def missing(self) -> list[tuple[Event, Source]]:
        """Return each delivery that has not arrived, also of events that were not even stored."""
        with self._lock:
            return [
                (event, source)
                for event in self._to_post
                for source in self._sources[event.tenant]
                if not self._arrived[self._event_ids.get(event.id, ""), source.id]
            ]

    def all_promises_kept(self) -> bool:
        """Whether everything that was stored has arrived everywhere."""
        with self._lock:
            return self._owed(self._events.values()) == len(self._arrived)

    def totals(self) -> Totals:
        with self._lock:
            sent = self._owed(self._to_post)
            return Totals(
                events=len(self._to_post),
                sent=sent,
                received=len(self._arrived),
                lost=sent - len(self._arrived),
                duplicated=self._arrived.total() - len(self._arrived),
                wrong_tenant=self._wrong_tenant,
                changed=self._changed,
                nobodys=len(self._unclaimed),
            )

    def _owed(self, events: Iterable[Event]) -> int:
        return sum(len(self._sources[event.tenant]) for event in events)

    def _enter(self, source: Source, message: Message) -> None:
        event_id = message.event_id
        event = self._events.get(event_id)
        if event is None:
            self._unclaimed.append((source, message))
        elif event.tenant != source.tenant:
            self._wrong_tenant += 1
            self.problems.append(f"{event.id} of tenant {event.tenant!r} arrived at {source.tenant!r}")
        else:
            self._arrived[event_id, source.id] += 1
            self._compare(event, source, message)

    def _compare(self, event: Event, source: Source, message: Message) -> None:
        different = differences(event, f"{URN}{message.event_id}", source, message.content)
        if different:
            self._changed += 1
            self.problems.append(f"{event.id} arrived at {source.tenant!r} with another {', '.join(different)}")
