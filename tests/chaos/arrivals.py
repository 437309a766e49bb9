"""What comes out of the tenants' queues, copy by copy: AWS gives every entry it accepts an id of its own."""

import threading
from collections import defaultdict
from collections.abc import Iterable

import msgspec

from tests.smoke.backend import Source
from tests.smoke.books import Books, Delivery
from tests.smoke.comparing import URN
from tests.smoke.reading import Event


class Envelope(msgspec.Struct):
    """As much of a message as says which acceptance of which event it is."""

    id: str
    resources: list[str] = []

    @property
    def event_id(self) -> str:
        return next((text.removeprefix(URN) for text in self.resources if text.startswith(URN)), "")


class Arrivals(Books):
    """Books that let each copy in once: a queue may hand out the same message again."""

    def __init__(self, events: Iterable[Event], sources: Iterable[Source]) -> None:
        super().__init__(events, sources)
        self.received_again = 0
        self._copies_lock = threading.Lock()
        self._copies: defaultdict[Delivery, set[str]] = defaultdict(set)

    def arrive(self, source: Source, body: str) -> None:
        """A message came out of the queue of this source."""
        envelope = msgspec.json.decode(body, type=Envelope)
        with self._copies_lock:
            known = self._copies[envelope.event_id, source.id]
            if envelope.id in known:
                self.received_again += 1
                return
            known.add(envelope.id)
        super().arrive(source, body)

    def copies(self) -> dict[Delivery, set[str]]:
        """Return AWS's ids of what arrived, by delivery."""
        with self._copies_lock:
            return {delivery: set(ids) for delivery, ids in self._copies.items()}
