from collections.abc import Callable, Iterator
from typing import Any

import pytest
from scripted_server import Partnerbus, serving

from partnerbus_client import Client, Event, Retries

KEY = "pb_test_secret"
QUICK = Retries(tries=4, first_pause=0.01, longest_pause=0.02, patience=10)


@pytest.fixture
def partnerbus() -> Iterator[Partnerbus]:
    """A server that stores everything until told otherwise."""
    partnerbus = Partnerbus()
    server = serving(partnerbus)
    yield partnerbus
    server.shutdown()
    server.server_close()


@pytest.fixture
def client_for(partnerbus: Partnerbus) -> Callable[..., Client]:
    """Make a client of that server, with options."""

    def make(**options: Any) -> Client:
        return Client(partnerbus.url, KEY, **{"timeout": 5.0, "retries": QUICK, "proxy": "", **options})

    return make


@pytest.fixture
def client(client_for: Callable[..., Client]) -> Iterator[Client]:
    with client_for() as client:
        yield client


@pytest.fixture
def make_events() -> Callable[..., list[Event]]:
    """Make events with the ids e0, e1 and so on."""

    def make(count: int, *, padding: int = 0) -> list[Event]:
        return [Event("alder", "order.created", {"n": n, "x": "x" * padding}, id=f"e{n}") for n in range(count)]

    return make
