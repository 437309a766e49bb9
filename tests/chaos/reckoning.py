"""The reckoning: every copy that arrived, and every acceptance that did not, held against what Partnerbus recorded."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.smoke.books import Delivery


@dataclass(frozen=True)
class Recorded:
    """What Partnerbus wrote down: AWS's ids of what AWS accepted, at first and by replays, and calls without answer."""

    accepted: Mapping[Delivery, set[str]] = field(default_factory=dict)
    replayed: Mapping[Delivery, set[str]] = field(default_factory=dict)
    unanswered: Mapping[Delivery, int] = field(default_factory=dict)


@dataclass
class Reckoning:
    """Copies by why there is more than one, and what is wrong.

    `unanswered`: AWS's answer never came, which an attempt says. `in_flight`: nothing was recorded of it, because the
    process or the database died between AWS's answer and the commit. `replayed`: sent once more on request.
    `doubtful` acceptances did not arrive, and a replay's did. `dropped` ones did not arrive and nobody knew.
    """

    deliveries: int = 0
    copies: int = 0
    unanswered: int = 0
    in_flight: int = 0
    replayed: int = 0
    doubtful: int = 0
    dropped: list[Delivery] = field(default_factory=list)
    recorded_twice: list[Delivery] = field(default_factory=list)

    @property
    def duplicates(self) -> int:
        return self.copies - self.deliveries


def reckon(copies: Mapping[Delivery, set[str]], recorded: Recorded) -> Reckoning:
    """Give every copy beyond a delivery's first its reason."""
    total = Reckoning()
    for delivery in copies.keys() | recorded.accepted.keys() | recorded.replayed.keys():
        _enter(total, delivery, copies.get(delivery, set()), recorded)
    return total


def _enter(total: Reckoning, delivery: Delivery, arrived: set[str], recorded: Recorded) -> None:
    accepted = recorded.accepted.get(delivery, set())
    replayed = recorded.replayed.get(delivery, set())
    unrecorded = len(arrived - accepted - replayed)
    unanswered = min(unrecorded, recorded.unanswered.get(delivery, 0))
    of_kind = Counter(
        recorded=len(arrived & accepted),
        unanswered=unanswered,
        in_flight=unrecorded - unanswered,
        replayed=len(arrived & replayed),
    )
    total.copies += len(arrived)
    total.deliveries += bool(arrived)
    _take_away_the_first(of_kind)
    total.unanswered += of_kind["unanswered"]
    total.in_flight += of_kind["in_flight"]
    total.replayed += of_kind["replayed"]
    if len(accepted) > 1:
        total.recorded_twice.append(delivery)
    if not accepted <= arrived:
        if replayed & arrived:
            total.doubtful += 1
        else:
            total.dropped.append(delivery)


def _take_away_the_first(of_kind: Counter[str]) -> None:
    """One copy is the delivery itself: the recorded one, or else one that was not, or else a replay's."""
    first = next((kind for kind in ("recorded", "unanswered", "in_flight", "replayed") if of_kind[kind]), None)
    if first:
        of_kind[first] -= 1
