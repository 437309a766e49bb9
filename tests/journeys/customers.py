"""A tenant on a real stack: what its SaaS posts for it, and what comes out of its queue."""

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from launcher.stack import Stack
from tests.smoke.accepting import accept_all
from tests.smoke.backend import Backend, Source
from tests.smoke.receiving import Receiver
from tests.smoke.registering import offered_sources

WAIT_SECONDS = 60.0


class Customer:
    """A tenant with a source in each of two regions, of which it can accept the first."""

    def __init__(self, stack: Stack, backend: Backend, sources: list[Source]) -> None:
        self.source, self.other_source = sources
        self.received: Counter[str] = Counter()
        self._backend = backend
        self._receiver = Receiver(str(stack.sandbox_url), self.source)

    def accept(self) -> None:
        accept_all(self._backend, [self._receiver])

    def post(self, *names: str) -> list[str]:
        """Post an event by each of these names and return their event ids."""
        tenant = self.source.tenant
        events = [{"tenant": tenant, "type": "t", "id": name, "detail": {"name": name}} for name in names]
        answer: dict[str, Any] = self._backend.call("POST", "/events", json.dumps({"events": events}).encode()).content
        return [result["event_id"] for result in answer["events"]]

    def wait_for(self, *names: str) -> None:
        """Receive until all of these arrived."""
        give_up_at = time.monotonic() + WAIT_SECONDS
        while missing := set(names) - self.received.keys():
            assert time.monotonic() < give_up_at, f"{len(missing)} did not arrive, one is {min(missing)}"
            for body in self._receiver.receive():
                self.received[json.loads(body)["detail"]["name"]] += 1


def customers(stack: Stack, backend: Backend, *tenants: str) -> list[Customer]:
    """Offer each of these tenants its sources, to an AWS account of its own."""
    offered = offered_sources(backend, tenants)
    return [Customer(stack, backend, [source for source in offered if source.tenant == tenant]) for tenant in tenants]


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Ask again and again; fail with `what` did not happen after a minute."""
    give_up_at = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at, what
        time.sleep(0.1)
