"""The steady stream of a soak, in processes of its own, and the transaction that somebody forgets meanwhile."""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from uuid import uuid4

from tests.benchmarks.installation import Installation
from tests.benchmarks.posting import Order, Posted
from tests.benchmarks.results import Failed
from tests.benchmarks.side_process import SideProcess

BODY = 100  # events in one, each of another tenant
EVENTS_PER_SECOND = 1_500.0


@contextlib.contextmanager
def flowing(installation: Installation, key: str, tenants: list[str], seconds: float) -> Iterator[list[SideProcess]]:
    """Post for so long, evenly to all tenants: a poster for each BODY of them. They answer when they are done.

    One connection each: the web would close a second one that is not needed for 15 s.
    """
    host, port = installation.address.split(":")
    groups = [tenants[start : start + BODY] for start in range(0, len(tenants), BODY)]
    rate = EVENTS_PER_SECOND / BODY / len(groups)
    with contextlib.ExitStack() as later:
        posters = [
            later.enter_context(
                SideProcess(
                    "tests.benchmarks.posting",
                    asdict(
                        Order(
                            host,
                            int(port),
                            key,
                            uuid4().hex[:12],
                            group,
                            BODY,
                            seconds=seconds,
                            bodies_per_second=rate,
                        )
                    ),
                    installation.environment,
                )
            )
            for group in groups
        ]
        for poster in posters:
            poster.go()
        yield posters


def posted_by(posters: list[SideProcess]) -> int:
    """Wait for the posters' end and return how many events they posted. Raises Failed when one was not stored."""
    found = [Posted(**poster.answer()) for poster in posters]
    for each in found:
        if each.errors:
            raise Failed(f"{each.errors} posts were not stored: {each.first_error}")
    return sum(each.events for each in found)


class Forgotten:
    """A transaction that looks at the queue and stays open, which keeps vacuum off everything."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._open: contextlib.ExitStack | None = None

    def be(self, is_open: bool) -> None:
        """Open it or end it, unless it is so already."""
        if is_open and self._open is None:
            self._open = contextlib.ExitStack()
            connection = self._open.enter_context(self._installation.connect())
            connection.execute("set idle_in_transaction_session_timeout = 0")
            self._open.enter_context(connection.transaction())
            connection.execute("set transaction isolation level repeatable read")
            connection.execute("select txid_current(), (select count(*) from pending)")
        elif not is_open and self._open is not None:
            self._open.close()
            self._open = None
