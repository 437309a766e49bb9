"""The course of a chaos run, from an empty installation to the reckoning."""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from launcher.stack import Stack
from tests.chaos.arrivals import Arrivals
from tests.chaos.aws import Aws
from tests.chaos.customers import Customer
from tests.chaos.faults import Faults
from tests.chaos.kills import Kills
from tests.chaos.reckoning import Reckoning, reckon
from tests.chaos.records import Records
from tests.chaos.renewals import Ended, Renewals, replay_doubtful
from tests.chaos.stream import Stream
from tests.smoke import BrokenOff
from tests.smoke.accepting import accept_all
from tests.smoke.books import Totals
from tests.smoke.posting import Poster
from tests.smoke.reading import Event
from tests.smoke.receiving import Collector
from tests.smoke.registering import offered_sources, registered_backend
from tests.smoke.waiting import explain_missing

# Few calls at once, so that a claim is many slices and a kill falls between them; a short pause before a gate opens,
# which is long for a tenant that makes its rule with the next call.
SETTINGS = {
    "CALLS_AT_ONCE": "8",
    "PUBLISHERS": "2",
    "ACTIVATION_PAUSE_SECONDS": "3",
    "CONTROL_CALLS_PER_SECOND": "50",  # what AWS allows: all sources begin at the same moment
}
# What a publisher's death can repeat: a slice for each publisher.
IN_FLIGHT_PER_DEATH = 8 * 20 * 2
READY_SECONDS = 120.0
PATIENCE_SECONDS = 300.0
STALL_SECONDS = 150.0
HIDDEN_SECONDS = 15.0  # messages whose receipt got lost have come again by then
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Extent:
    """How much of it. `seconds` are those in which everything is disturbed, at the least."""

    tenants: int
    seconds: float
    per_second: float
    kill_pause: float
    kill_rounds: int
    fault_seconds: float
    renewed: int  # sources a way and round
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What was done, what came of it, and what must not have happened."""

    extent: Extent
    totals: Totals
    reckoning: Reckoning
    kills: Mapping[str, int]
    restarts: Mapping[str, int]
    faults: Mapping[str, int]
    ended: Ended
    received_again: int
    dead_letters: int
    left: int
    seconds: float
    notes: Sequence[str]

    @property
    def in_flight_limit(self) -> int:
        """How many duplicates the deaths of publishers, of their database, and of their worker explain."""
        return IN_FLIGHT_PER_DEATH * (self.restarts["worker"] + self.restarts["postgres"])


class Run:
    """One run on a stack that is up, started with SETTINGS."""

    def __init__(self, stack: Stack, extent: Extent, events: Sequence[Event]) -> None:
        self._stack, self._extent, self._events = stack, extent, events
        self._dice = Random(extent.seed)
        self._aws, self._aws_in_use = Aws(str(stack.sandbox_url)), threading.Lock()
        self._backend = registered_backend(stack)
        self._records = Records(stack)
        self._tenants = [f"tenant-{number:03}" for number in range(extent.tenants)]

    def play(self) -> Outcome:
        """Disturb everything, let it settle, and reckon. Raises BrokenOff, LaunchError, TimeoutError."""
        began_at = time.monotonic()
        sources = offered_sources(self._backend, self._tenants)
        books = Arrivals([], sources)
        everyone = [Customer(str(self._stack.sandbox_url), source) for source in sources]
        self._dice.shuffle(everyone)
        unaccepted, accepted = everyone[: self._extent.renewed], everyone[self._extent.renewed :]
        stream = Stream(Poster(self._backend, books), books, self._events, self._tenants, self._extent.per_second)
        with Collector(everyone, books) as collector, stream:
            accept_all(self._backend, accepted)
            kills, faults, renewals = self._disturbances(books, unaccepted, accepted)
            self._disturb(kills, faults, renewals, meanwhile=[stream, collector])
            stream.finish()
            self._stack.wait_until_ready(READY_SECONDS)
            self._settle(books, collector, renewals.counts.to_replay)
            collector.finish()
        books.claim_late()
        explain_missing(books, self._backend)
        return Outcome(
            extent=self._extent,
            totals=books.totals(),
            reckoning=reckon(books.copies(), self._records.read()),
            kills=kills.counts,
            restarts=self._stack.status["restarts"],
            faults=faults.counts,
            ended=renewals.counts,
            received_again=books.received_again,
            dead_letters=self._records.dead_letters(),
            left=self._records.left_to_send(),
            seconds=time.monotonic() - began_at,
            notes=books.problems,
        )

    def _disturbances(
        self, books: Arrivals, unaccepted: list[Customer], accepted: list[Customer]
    ) -> tuple[Kills, Faults, Renewals]:
        """Each with dice of its own, so that none depends on how the others' threads are scheduled."""
        dice = [Random(self._dice.random()) for _ in range(3)]
        aws = (self._aws, self._aws_in_use)
        extent = self._extent
        return (
            Kills(self._stack, *aws, dice[0], extent.kill_pause, extent.kill_rounds),
            Faults(*aws, dice[1], extent.fault_seconds),
            Renewals(*aws, self._backend, self._records, books, unaccepted, accepted, dice[2], extent.renewed),
        )

    def _disturb(
        self, kills: Kills, faults: Faults, renewals: Renewals, meanwhile: Sequence[Stream | Collector]
    ) -> None:
        """Return when the time is over and everything was done at least once. Raises BrokenOff when it never is."""
        began_at = time.monotonic()
        with renewals, kills, faults:
            while True:
                for each in (kills, faults, renewals, *meanwhile):
                    each.check()
                elapsed = time.monotonic() - began_at
                complete = kills.is_done and faults.have_all_struck and renewals.rounds > 0
                if complete and elapsed > self._extent.seconds:
                    break
                if elapsed > self._extent.seconds + PATIENCE_SECONDS:
                    raise BrokenOff(
                        f"not everything was disturbed in time: {kills.counts}, {faults.counts}, {renewals.rounds}"
                    )
                time.sleep(LOOK_SECONDS)
            renewals.finish()
            kills.finish()
            faults.finish()

    def _settle(self, books: Arrivals, collector: Collector, to_replay: Iterable[str]) -> None:
        """Wait until nothing is left to send, have the doubtful sent again, and wait until all of it arrived."""
        self._wait_until_sent(books, collector)
        for source_id in sorted(to_replay):
            replay_doubtful(self._backend, source_id)
        self._wait_until_sent(books, collector)
        give_up_at = time.monotonic() + HIDDEN_SECONDS
        while time.monotonic() < give_up_at:
            books.claim_late()
            if books.all_promises_kept() and not reckon(books.copies(), self._records.read()).dropped:
                return
            time.sleep(LOOK_SECONDS)

    def _wait_until_sent(self, books: Arrivals, collector: Collector) -> None:
        before, give_up_at = (-1, -1), time.monotonic() + STALL_SECONDS
        while left := self._records.left_to_send():
            collector.check()
            if (now := (left, books.totals().received)) != before:
                before, give_up_at = now, time.monotonic() + STALL_SECONDS
            if time.monotonic() > give_up_at:
                books.note(f"nothing moved any more for {STALL_SECONDS:.0f} s, with {left} deliveries or replays left")
                return
            time.sleep(LOOK_SECONDS)
