"""Publisher processes on the same lanes: every delivery reaches AWS, and twice only by the hand of `kill -9`."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from integrations.sources.models import Source
from tenants.models import Tenant
from tests.events.fake_aws import Entry, FakeAws, Reply, accept_all, urn_of
from tests.journeys.product import Backend, copied_database, post, processes, publish

SOURCES = 8
BODY = 20  # events in one
PUBLISHERS = 3
CALLS_AT_ONCE = 4
IN_FLIGHT = 2 * CALLS_AT_ONCE * 20  # deliveries: what a crash may repeat, as the architecture says
PATIENCE = 60.0  # seconds without any progress

pytestmark = pytest.mark.django_db(transaction=True)

Delivery = tuple[str, str]  # source and event


@pytest.fixture
def database(tenant: Tenant, make_source: Callable[..., Source], api_key: str) -> Iterator[str]:
    """A database of its own, in which Alder has open sources in two regions."""
    for number in range(SOURCES):
        make_source(tenant, label=f"lane{number}", region=("eu-west-1", "us-east-1")[number % 2])
    with copied_database() as copy:
        yield copy


class PublisherProcess:
    """A publisher with an AWS of its own, so that it is known what AWS took from it."""

    def __init__(self, database: str, lifetime: ExitStack) -> None:
        self.accepted: dict[str, Delivery] = {}  # by AWS's EventId
        self.killed = False
        self._aws = lifetime.enter_context(FakeAws())
        self._aws.behave = self._take
        self._process = processes.Process(target=publish, args=(database, self._aws.url, PUBLISHERS, CALLS_AT_ONCE))
        self._process.start()
        lifetime.callback(self.kill)

    def _take(self, entries: list[Entry]) -> Reply:
        time.sleep(random.uniform(0.02, 0.08))
        reply = accept_all(entries)
        for entry, result in zip(entries, reply["Entries"], strict=True):
            self.accepted[result["EventId"]] = (entry["Source"], urn_of(entry))
        return reply

    def kill(self) -> None:
        """End it at whatever it is doing."""
        self._process.kill()
        self._process.join()
        self.killed = True


class Watcher:
    """Looks at what is stored and recorded."""

    def __init__(self, database: str, lifetime: ExitStack) -> None:
        self._session = lifetime.enter_context(psycopg.connect(database, autocommit=True))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._session.execute(statement).fetchall()

    def recorded(self) -> dict[str, Delivery]:
        """Return the deliveries that are recorded as accepted, by AWS's EventId."""
        found = self.rows(
            "select a.aws_id::text, s.name, 'urn:partnerbus:event:' || a.event_id"
            " from attempts a join sources_source s on s.id = a.source_id where a.code = 0"
        )
        return {aws_id: (name, urn) for aws_id, name, urn in found}

    def wait_for(self, deliveries: int, meanwhile: Callable[[], None]) -> None:
        """Wait until so many are recorded and nothing is queued; fail when nothing moves any more."""
        before, give_up_at = -1, time.monotonic() + PATIENCE
        while True:
            ((done, left),) = self.rows(
                "select (select count(*) from attempts where code = 0),"
                " (select count(*) from pending) + (select count(*) from retry) + (select count(*) from dead)"
            )
            if done >= deliveries and not left:
                return
            if done != before:
                before, give_up_at = done, time.monotonic() + PATIENCE
            assert time.monotonic() < give_up_at, f"{done} of {deliveries} recorded, {left} still queued"
            meanwhile()


def begin_to_post(database: str, api_key: str, numbers: range, lifetime: ExitStack, seconds: float = 0) -> Any:
    """Post events with these numbers from a process of its own, which takes about so many seconds; return it."""
    events = [{"tenant": "alder", "type": "t", "id": f"e{n}", "detail": {"n": n}} for n in numbers]
    bodies = [events[start : start + BODY] for start in range(0, len(events), BODY)]
    poster = processes.Process(target=post, args=(database, Backend(api_key, bodies, pause=seconds / len(bodies))))
    poster.start()
    lifetime.callback(poster.kill)
    return poster


def begin(database: str, api_key: str, count: int, seconds: float, lifetime: ExitStack) -> list[PublisherProcess]:
    """Start the publishers before a backlog that gives all of them work, and go on posting meanwhile."""
    begin_to_post(database, api_key, range(count // 2), lifetime).join()
    begin_to_post(database, api_key, range(count // 2, count), lifetime, seconds)
    return [PublisherProcess(database, lifetime) for _ in range(PUBLISHERS)]


def check_without_kills(database: str, api_key: str, count: int, seconds: float) -> None:
    with ExitStack() as lifetime:
        watcher = Watcher(database, lifetime)
        publishers = begin(database, api_key, count, seconds, lifetime)
        watcher.wait_for(count * SOURCES, meanwhile=lambda: time.sleep(0.1))
        accepted = {aws_id: delivery for one in publishers for aws_id, delivery in one.accepted.items()}
        assert accepted == watcher.recorded()
        assert set(Counter(accepted.values()).values()) == {1}
        assert len(accepted) == count * SOURCES
        assert sum(bool(one.accepted) for one in publishers) > 1, "one publisher did all of the work"


def check_with_kills(database: str, api_key: str, count: int, seconds: float, kills: int) -> None:
    with ExitStack() as lifetime:
        watcher = Watcher(database, lifetime)
        everyone = begin(database, api_key, count, seconds, lifetime)
        killed: list[PublisherProcess] = []

        def kill_one() -> None:
            time.sleep(random.uniform(0, 0.3))
            at_work = [one for one in everyone if one.accepted and not one.killed]
            if at_work and len(killed) < kills:
                killed.append(random.choice(at_work))
                killed[-1].kill()
                everyone.append(PublisherProcess(database, lifetime))

        watcher.wait_for(count * SOURCES, meanwhile=kill_one)
        recorded = watcher.recorded()
        assert len(killed) == kills, "everything was sent before enough publishers could be killed"
        assert set(Counter(recorded.values()).values()) == {1}
        assert len(recorded) == count * SOURCES
        assert {delivery for one in everyone for delivery in one.accepted.values()} == set(recorded.values())
        for one in everyone:
            assert len(one.accepted.keys() - recorded.keys()) <= (IN_FLIGHT if one in killed else 0)


def test_publishers_that_nobody_kills_send_every_delivery_exactly_once(database: str, api_key: str) -> None:
    check_without_kills(database, api_key, count=700, seconds=3)


def test_killed_publishers_lose_nothing_and_repeat_only_what_was_in_flight(database: str, api_key: str) -> None:
    check_with_kills(database, api_key, count=700, seconds=4, kills=4)


@pytest.mark.slow
def test_publishers_send_many_deliveries_exactly_once(database: str, api_key: str) -> None:
    check_without_kills(database, api_key, count=6_000, seconds=40)


@pytest.mark.slow
def test_publishers_that_are_killed_all_the_time_lose_nothing(database: str, api_key: str) -> None:
    check_with_kills(database, api_key, count=6_000, seconds=60, kills=40)
