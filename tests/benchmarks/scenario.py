"""What every scenario is given: the installation, its key and tenants, and how much to measure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import psycopg

from tests.benchmarks import load
from tests.benchmarks.extent import Extent
from tests.benchmarks.installation import Installation
from tests.benchmarks.processor_time import Moment
from tests.benchmarks.results import Result

Found = TypeVar("Found")


@dataclass(frozen=True)
class Bench:
    """An installation with ten tenants whose sources are connected, and a connection to look into its database."""

    installation: Installation
    connection: psycopg.Connection
    extent: Extent
    key: str
    sources: dict[str, int]  # by tenant

    @classmethod
    def register(cls, installation: Installation, connection: psycopg.Connection, extent: Extent) -> "Bench":
        """Register the integration and its tenants, and warm everything up."""
        made = installation.run("tests.benchmarks.registering")
        bench = cls(installation, connection, extent, made["key"], made["sources"])
        bench.warm_up()
        return bench

    def warm_up(self) -> None:
        """Let nothing that is measured pay for first connections, prepared statements and imports."""
        load.warm_up(self.installation, self.connection, self.key, self.tenants)

    @property
    def tenants(self) -> list[str]:
        return list(self.sources)

    def set_gate(self, tenant: str, desired: str) -> float:
        """Make a tenant's source wanted `present` or `paused`; return the moment (monotonic seconds)."""
        source = str(self.sources[tenant])
        return float(self.installation.run("tests.benchmarks.gates", source, desired)["at"])

    def tidy(self) -> None:
        """Throw away what a scenario left in the queues, and open all gates, so that the next one can be measured."""
        self.connection.execute("truncate pending, retry")
        for tenant in self.tenants:
            row = self.connection.execute(
                "select publishable from sources_lane where source_id = %s", [self.sources[tenant]]
            ).fetchone()
            if row != (True,):
                self.set_gate(tenant, "present")


Report = Callable[[Result], None]


@dataclass(frozen=True)
class Scenario:
    """What is measured together. `measure` is given the ids that were asked for and calls `report` for each result."""

    name: str
    ids: tuple[str, ...]
    measure: Callable[[Bench, frozenset[str], Report], None]


def watched(action: Callable[[], Found]) -> tuple[Found, float]:
    """Do something; return what it found, and how many cores others kept busy meanwhile."""
    moment = Moment.now()
    found = action()
    return found, moment.foreign_cores_since()
