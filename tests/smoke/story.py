"""The course of a run, from an empty installation to the last message."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from launcher.stack import Stack
from tests.smoke.accepting import accept_all
from tests.smoke.backend import Backend, Source
from tests.smoke.books import Books
from tests.smoke.disturbing import KILLS, Simulator, kill_worker, until_each_has_struck
from tests.smoke.posting import Poster
from tests.smoke.reading import Event, more_like
from tests.smoke.receiving import Collector, Receiver
from tests.smoke.registering import REGIONS, offered_sources, registered_backend
from tests.smoke.reporting import Outcome, Progress, say
from tests.smoke.waiting import explain_missing, wait_for_arrivals, wait_for_first_arrival, wait_until_idle

THREADS = 8
POSTED_EARLY = 3  # every third event
POSTED_AGAIN = 200  # events at most
POSTED_MORE = 100  # events for each round in which faults are still awaited


@dataclass(frozen=True)
class Task:
    """What a run has to do."""

    events: list[Event]
    tenants: list[str]
    with_faults: bool


def carry_out(stack: Stack, task: Task) -> Outcome:
    """Play the whole run on a stack that is up. Raises BrokenOff, LaunchError, TimeoutError and what boto3 raises."""
    assert stack.sandbox_url is not None
    aws = Simulator(stack.sandbox_url)
    backend = registered_backend(stack)
    say(f"Offering sources in {' and '.join(REGIONS)} to {len(task.tenants)} tenants.")
    sources = offered_sources(backend, task.tenants)
    receivers = [Receiver(stack.sandbox_url, source) for source in sources]
    books = Books(task.events, sources)
    poster = Poster(backend, books)
    if task.with_faults:
        aws.misbehave()
    began_at = time.monotonic()
    with Progress(books.totals):
        _post_before_acceptance(task, poster, books, backend, sources)
        with Collector(receivers, books) as collector:
            say("The tenants accept their sources.")
            accept_all(backend, receivers)
            _post_the_rest(task, poster, books, stack)
            complete = wait_for_arrivals(books, collector)
            if task.with_faults and complete:
                complete = _await_every_fault(task, poster, books, collector, aws)
            seconds = time.monotonic() - began_at
            if complete:
                wait_until_idle(books, backend, sources)
            collector.finish()
        books.claim_late()
        explain_missing(books, backend)
    if task.with_faults:
        say("Faults: " + ", ".join(f"{count} x {name}" for name, count in sorted(aws.fault_counts().items())))
    return Outcome(books.totals(), aws.accepted(), seconds, books.problems, task.with_faults)


def _post_before_acceptance(task: Task, poster: Poster, books: Books, backend: Backend, sources: list[Source]) -> None:
    """Post a part while AWS would drop it, and check that it is held."""
    early = task.events[::POSTED_EARLY]
    poster.post(early)
    owed = Counter(event.tenant for event in early)
    with ThreadPoolExecutor(THREADS) as pool:
        held = list(pool.map(lambda source: backend.standing(source).held, sources))
    say(f"Posted {len(early)} events before any source was accepted; {sum(held)} deliveries are held.")
    for source, number in zip(sources, held, strict=True):
        if number != owed[source.tenant]:
            books.note(
                f"{number} and not {owed[source.tenant]} deliveries were held for {source.tenant!r} "
                f"in {source.region} before it accepted its source"
            )


def _post_the_rest(task: Task, poster: Poster, books: Books, stack: Stack) -> None:
    """Post what is left, on a bad day with a kill -9 of the worker after each portion, and some of all once more."""
    rest = [event for number, event in enumerate(task.events) if number % POSTED_EARLY]
    kills = KILLS if task.with_faults else 0
    if kills:
        wait_for_first_arrival(books)
    for portion in range(kills + 1):
        poster.post(rest[portion :: kills + 1])
        if portion < kills:
            kill_worker(stack)
    again = task.events[:: len(task.events) // POSTED_AGAIN + 1]
    poster.post_again(again)
    killing = f", killing the worker {kills} times" if kills else ""
    say(f"Posted the other {len(rest)}{killing}; posted {len(again)} once more.")


def _await_every_fault(task: Task, poster: Poster, books: Books, collector: Collector, aws: Simulator) -> bool:
    """Post more until every kind of fault has struck at least once; return whether all of it arrived."""

    def play_round(number: int) -> bool:
        more = more_like(task.events, POSTED_MORE, f"smoke-round-{number}")
        say(f"Posting {len(more)} more, because not every kind of fault has struck yet.")
        books.expect(more)
        poster.post(more)
        return wait_for_arrivals(books, collector)

    if missing := until_each_has_struck(aws.fault_counts, play_round):
        books.note(f"these faults never struck, so nothing is proved about them: {', '.join(missing)}")
    return books.all_promises_kept()
