"""Reading from ten million events: pages of the list, series of counts, and what Prometheus asks for.

The store is made once and kept for the next run. What is timed is the whole answer as a client on this machine sees
it, over a kept connection.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks import installation
from tests.benchmarks.aws import Aws
from tests.benchmarks.extent import Extent
from tests.benchmarks.installation import Installation, place
from tests.benchmarks.reporting import say
from tests.benchmarks.results import Failed, Result, percentile
from tests.benchmarks.scenario import Report, watched

IDS = (
    "list_page_10m_ms",
    "list_page_10m_p95_ms",
    "metrics_page_10m_ms",
    "metrics_page_10m_p95_ms",
    "prometheus_10m_ms",
    "prometheus_10m_p95_ms",
)
# The stub would take the events that wait in this store, and the next run would find none.
WITHOUT_PUBLISHER = {"PUBLISHERS": "0"}
KEPT_FROM = 1_000_000  # a smaller store is quickly made
BIG, SMALL = "t0", ("t1", "t17", "t400", "t2500", "t4999")  # the first tenant has half of all events


def measure(aws: Aws, extent: Extent, report: Report) -> None:
    """Start an installation on the kept store, fill what is missing of it, and read."""
    data = _kept(extent.stored_events) if extent.stored_events >= KEPT_FROM else None
    with installation.running(aws, data, WITHOUT_PUBLISHER) as store:
        say(f"  the store lies in {store.stack.data.path}; what is missing of it is made now")
        began = time.monotonic()
        made = store.run("tests.benchmarks.filling", str(extent.stored_events))
        say(f"  {made['events']:,} events are there after {time.monotonic() - began:.0f} s")
        if made["events"] < extent.stored_events:
            raise Failed(f"the store has {made['events']:,} events and not {extent.stored_events:,}")
        _measure_all(store, made["key"], extent, report)


def _kept(events: int) -> Path:
    """Return where the store of so many events lies from run to run."""
    parent = place() / f"seed-{events}"
    parent.mkdir(exist_ok=True)
    parent.chmod(0o711)  # the servers' account has to pass
    return parent / "data"


def _measure_all(store: Installation, key: str, extent: Extent, report: Report) -> None:
    """Measure one kind of page after the other. Raises Failed at the end for those that could not be read."""
    failures = []
    for kind, paths in (("list_page_10m", _lists()), ("metrics_page_10m", _series()), ("prometheus_10m", ["/metrics"])):
        try:
            _measure_kind(store, key, kind, paths, extent, report)
        except (Failed, OSError) as error:
            failures.append(f"{kind}: {error}")
    if failures:
        raise Failed("; ".join(failures))


def _measure_kind(
    store: Installation, key: str, kind: str, paths: Sequence[str], extent: Extent, report: Report
) -> None:
    runs = [watched(lambda: _times(store, key, paths, extent.page_requests)) for _ in range(extent.page_runs)]
    foreign = [others for _, others in runs]
    for name, share in ((f"{kind}_ms", 0.5), (f"{kind}_p95_ms", 0.95)):
        report(Result(name, "ms", "lower", [percentile(found, share) for found, _ in runs], foreign=foreign))


def _lists() -> list[str]:
    """Return the first page of a huge tenant, of small ones, and by state and type."""
    queries: list[dict[str, str]] = [{"tenant": tenant} for tenant in (BIG, *SMALL)]
    queries += [
        {"tenant": BIG, "type": "order.7"},
        {"tenant": BIG, "state": "accepted"},
        {"tenant": SMALL[0], "state": "dead"},
    ]
    return [f"/api/v1/events?{urlencode(query)}" for query in queries]


def _series() -> list[str]:
    """Return a day in minutes, a week in hours and a month in days, of a tenant and of everybody."""
    now = datetime.now(UTC).replace(microsecond=0)
    spans = ((timedelta(days=1), 1), (timedelta(days=7), 60), (timedelta(days=29), 1440))
    queries = []
    for span, step in spans:
        times = {"from": (now - span).isoformat(), "to": now.isoformat(), "step": str(step)}
        queries += [{"tenant": BIG, **times}, {"tenant": SMALL[0], **times}, times]
    return [f"/api/v1/series?{urlencode(query)}" for query in queries]


def _times(store: Installation, key: str, paths: Sequence[str], requests: int) -> list[float]:
    """Return the milliseconds of each request; the paths are asked for in turn."""
    host, port = store.address.split(":")
    connection = HTTPConnection(host, int(port), timeout=60)
    times = []
    for number in range(requests):
        path = paths[number % len(paths)]
        began = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        response = connection.getresponse()
        content = response.read()
        times.append((time.perf_counter() - began) * 1e3)
        if response.status != 200:
            raise Failed(f"GET {path} was answered {response.status}: {content[:500]!r}")
    connection.close()
    return times
