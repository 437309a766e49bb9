"""Sources that end and begin anew, while the events of their tenants keep coming.

They end in three ways: their tenant never accepted them and AWS let them expire; somebody deleted them with the
publisher account's credentials; their tenant deactivated them, and weeks later they expired. In the third way AWS takes
and drops what is sent until Partnerbus asks the next time. Nobody can prevent that, but the attempts of that time are
doubtful, and a replay of those brings back what was dropped.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.chaos.aws import Aws
from tests.chaos.background import Background
from tests.chaos.customers import Customer
from tests.chaos.records import Records
from tests.smoke import BrokenOff
from tests.smoke.backend import Backend
from tests.smoke.books import Books

WEEKS_SECONDS = 15 * 86_400  # longer than an offer lives, and than a deactivated source
PATIENCE_SECONDS = 150.0  # a killed worker's claim on a source lasts a minute
LOOK_SECONDS = 0.3


@dataclass
class Ended:
    """How many sources ended in each way and came back."""

    never_accepted: int = 0
    deleted: int = 0
    deactivated: int = 0
    held: int = 0  # deliveries that waited for them
    to_replay: set[str] = field(default_factory=set)  # ids of sources of which attempts may be doubtful


class Renewals(Background):
    """Rounds of `each` sources a way; the first one begins with those that were left unaccepted."""

    def __init__(
        self,
        aws: Aws,
        aws_in_use: threading.Lock,
        backend: Backend,
        records: Records,
        books: Books,
        unaccepted: Sequence[Customer],
        accepted: Sequence[Customer],
        dice: Random,
        each: int,
    ) -> None:
        super().__init__()
        self.counts = Ended()
        self.rounds = 0
        self._aws, self._aws_in_use = aws, aws_in_use
        self._backend, self._records, self._books = backend, records, books
        self._unaccepted, self._accepted = list(unaccepted), list(accepted)
        self._dice, self._each = dice, each

    def work(self) -> None:
        while not self.ended.is_set():
            self._play_round()
            self.rounds += 1
            self.ended.wait(self._dice.uniform(0, 5))

    def _play_round(self) -> None:
        never, self._unaccepted = self._unaccepted, []
        deleted, deactivated = self._chosen()
        self._wait_for_open_gates([*deleted, *deactivated])
        self._each_of(deleted, Customer.withdraw)
        self._each_of(deactivated, Customer.deactivate)
        self._wait_until_something_is_dropped()
        self._await(deleted, "gone")
        self._await(deactivated, "pending")
        self._expire([*never, *deactivated])
        everyone = [*never, *deleted, *deactivated]
        self._note_held(everyone)
        self._offer_again(everyone)
        self._accepted += never
        self.counts.never_accepted += len(never)
        self.counts.deleted += len(deleted)
        self.counts.deactivated += len(deactivated)
        self.counts.to_replay |= {customer.source.id for customer in [*deleted, *deactivated]}

    def _chosen(self) -> tuple[list[Customer], list[Customer]]:
        chosen = self._dice.sample(self._accepted, 2 * self._each)
        return chosen[: self._each], chosen[self._each :]

    def _wait_for_open_gates(self, customers: list[Customer]) -> None:
        """A source that has just become active is asked about once more before its gate opens."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while closed := self._records.closed_gates([customer.source.id for customer in customers]):
            if time.monotonic() > give_up_at:
                raise BrokenOff(f"the gates of {closed} active sources do not open")
            time.sleep(LOOK_SECONDS)

    def _wait_until_something_is_dropped(self) -> None:
        """AWS takes what is sent to a deactivated source, and so nothing tells Partnerbus."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        with self._aws_in_use:
            before = self._aws.dropped()
        while True:
            with self._aws_in_use:
                now = self._aws.dropped()
            if now > before:
                return
            before = min(before, now)  # it counts from zero when it was killed
            if time.monotonic() > give_up_at:
                self._books.note("nothing was dropped for sources that had been deactivated")
                return
            time.sleep(LOOK_SECONDS)

    def _expire(self, customers: list[Customer]) -> None:
        with self._aws_in_use:
            self._aws.advance(WEEKS_SECONDS)
        self._await(customers, "expired")

    def _note_held(self, customers: list[Customer]) -> None:
        """Wait until something is held for the ended sources: the stream serves every tenant in turn."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not (held := sum(self._backend.standing(customer.source).held for customer in customers)):
            if time.monotonic() > give_up_at:
                self._books.note(f"nothing was held for {len(customers)} sources that had ended")
                return
            time.sleep(LOOK_SECONDS)
        self.counts.held += held

    def _offer_again(self, customers: list[Customer]) -> None:
        for customer in customers:
            source = customer.source
            self._backend.offer_source(source.tenant, source.account, source.region)
        self._await(customers, "pending")
        self._each_of(customers, Customer.accept)
        self._await(customers, "active")

    def _each_of(self, customers: list[Customer], act: Callable[[Customer], None]) -> None:
        for customer in customers:
            with self._aws_in_use:
                act(customer)

    def _await(self, customers: list[Customer], state: str) -> None:
        """Have AWS asked about them until Partnerbus shows this state of each. Raises BrokenOff."""
        waiting, give_up_at = list(customers), time.monotonic() + PATIENCE_SECONDS
        while True:
            waiting = [each for each in waiting if self._backend.standing(each.source).state != state]
            if not waiting:
                return
            if time.monotonic() > give_up_at:
                source = waiting[0].source
                standing = self._backend.standing(source)
                raise BrokenOff(f"{source.name} in {source.region} does not become {state}: {standing}")
            self._records.look_now([each.source.id for each in waiting])
            time.sleep(LOOK_SECONDS)


def replay_doubtful(backend: Backend, source_id: str) -> None:
    """Have everything sent again that AWS may have dropped."""
    backend.call("POST", "/replays", json.dumps({"source": source_id, "states": ["doubtful"]}).encode())
