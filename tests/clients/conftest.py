from collections.abc import Callable, Iterator

import pytest
from partnerbus_client import Client, Retries
from pytest_django.live_server_helper import LiveServer

from tests.clients.lossy_proxy import LossyProxy
from tests.events.conftest import committed as committed  # the path of an event on real commits
from tests.events.conftest import rows

QUICK = Retries(tries=10, first_pause=0.01, longest_pause=0.05, patience=30)


@pytest.fixture
def address(committed: None, live_server: LiveServer) -> str:
    """Where Partnerbus really answers, over HTTP and with commits."""
    return live_server.url


@pytest.fixture
def proxy() -> Iterator[LossyProxy]:
    """The network in between, which loses what a test tells it to lose."""
    with LossyProxy() as proxy:
        yield proxy


@pytest.fixture
def client_of(address: str, proxy: LossyProxy) -> Callable[[str], Client]:
    """Make a client for a key, behind that network."""

    def make(key: str) -> Client:
        return Client(address, key, retries=QUICK, compress=True, proxy=proxy.url)

    return make


@pytest.fixture
def client(client_of: Callable[[str], Client], api_key: str) -> Client:
    return client_of(api_key)


def stored() -> int:
    """Return how many events Partnerbus has."""
    return int(rows("select count(*) from events")[0][0])
