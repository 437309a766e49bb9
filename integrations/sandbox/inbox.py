"""What reached the tenants' buses lately, and which rule and target took it: for people, bounded, in memory only.

It stands beside the queues and takes nothing from them: a queue keeps every message until somebody deletes it.
"""

from collections import OrderedDict, deque
from datetime import datetime

from msgspec import Struct

ARRIVALS_A_BUS = 50
BUSES = 200  # the one that heard nothing for longest is forgotten first
LONGEST_TEXT = 16_384  # characters; of a larger event only the head line is kept


class Taken(Struct, frozen=True):
    """A rule that matched, and the target it has; an empty target is a rule that has none."""

    rule: str
    target: str


class Arrival(Struct, frozen=True):
    """One event that reached a bus. `taken` is empty when no rule matched; `event` is None when it was too large."""

    at: datetime
    event_id: str
    detail_type: str
    source: str
    size: int
    taken: list[Taken]
    event: str | None


BusKey = tuple[str, str, str]  # account, region, name


class Inbox:
    """Used under the simulator's lock."""

    def __init__(self) -> None:
        self._buses: OrderedDict[BusKey, deque[Arrival]] = OrderedDict()

    def note(self, bus: BusKey, arrival: Arrival) -> None:
        arrivals = self._buses.setdefault(bus, deque(maxlen=ARRIVALS_A_BUS))
        self._buses.move_to_end(bus)
        arrivals.append(arrival)
        if len(self._buses) > BUSES:
            self._buses.popitem(last=False)

    def arrivals(self, account: str, region: str, bus: str | None = None) -> list[Arrival]:
        """Newest first, of one bus or of all buses of the account in the region."""
        keys = [key for key in self._buses if key[:2] == (account, region) and bus in (None, key[2])]
        found = [arrival for key in keys for arrival in self._buses[key]]
        return sorted(found, key=lambda arrival: arrival.at, reverse=True)

    def clear(self) -> None:
        self._buses.clear()
