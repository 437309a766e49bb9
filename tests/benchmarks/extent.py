"""How much is measured: the whole, a quick one of less than ten minutes, and a trial whose numbers mean nothing."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Extent:
    """Runs and their lengths. Seconds are those of load; events are posted, stored or replayed in each run."""

    name: str
    rounds: int  # of the interleaved comparison
    load_seconds: float
    baseline_seconds: float
    celery_seconds: float
    sending_calls: int  # of 20 events, for each side and run
    sending_runs: int
    latency_runs: int
    latency_posts: int
    queue_runs: int  # draining and replaying
    queue_events: int
    fairness_runs: int
    fairness_seconds: float
    fairness_backlog: int
    snapshot_seconds: float
    stored_events: int
    page_runs: int
    page_requests: int
    pattern_runs: int


FULL = Extent(
    name="full",
    rounds=5,
    load_seconds=10,
    baseline_seconds=5,
    celery_seconds=8,
    sending_calls=500,
    sending_runs=7,
    latency_runs=5,
    latency_posts=200,
    queue_runs=5,
    queue_events=100_000,
    fairness_runs=5,
    fairness_seconds=8,
    fairness_backlog=1_000_000,
    snapshot_seconds=300,
    stored_events=10_000_000,
    page_runs=5,
    page_requests=100,
    pattern_runs=5,
)
QUICK = Extent(
    name="quick",
    rounds=2,
    load_seconds=5,
    baseline_seconds=3,
    celery_seconds=4,
    sending_calls=300,
    sending_runs=3,
    latency_runs=3,
    latency_posts=100,
    queue_runs=1,
    queue_events=100_000,
    fairness_runs=2,
    fairness_seconds=4,
    fairness_backlog=400_000,
    snapshot_seconds=60,
    stored_events=10_000_000,
    page_runs=3,
    page_requests=50,
    pattern_runs=3,
)
TRIAL = Extent(
    name="trial",
    rounds=1,
    load_seconds=1,
    baseline_seconds=1,
    celery_seconds=1,
    sending_calls=50,
    sending_runs=1,
    latency_runs=1,
    latency_posts=20,
    queue_runs=1,
    queue_events=5_000,
    fairness_runs=1,
    fairness_seconds=1,
    fairness_backlog=60_000,
    snapshot_seconds=5,
    stored_events=50_000,
    page_runs=1,
    page_requests=12,
    pattern_runs=1,
)
EXTENTS = {extent.name: extent for extent in (FULL, QUICK, TRIAL)}


def chosen(environment: Mapping[str, str]) -> Extent:
    """Return what BENCH asks for. Raises ValueError for a word that is none."""
    word = environment.get("BENCH", "").strip().lower() or FULL.name
    if word not in EXTENTS:
        raise ValueError(f"BENCH={word} is none of {', '.join(EXTENTS)}. Leave it out for the full benchmark.")
    return EXTENTS[word]
