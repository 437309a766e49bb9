"""The verdict on a soak says what grew, and nothing of a run in which nothing did."""

from dataclasses import replace

import pytest

from tests.soak.judging import DEAD_ROWS, Course, complaints
from tests.soak.sampling import PROCESSES, TABLES, Sample

SECONDS = 600.0
CALM = Sample(
    second=0,
    memory=dict.fromkeys(PROCESSES, 200.0),
    disk=dict.fromkeys(TABLES, 1.0),
    dead_rows=dict.fromkeys(TABLES, 100),
    p50=5.0,
    p99=100.0,
    wal_per_event=2_000,
    events_per_second=1_500,
    foreign_cores=0.0,
)


def verdict(*, since: float, **otherwise: object) -> list[str]:
    """Return what is said of a run that was calm until this second, and then as given."""
    moments = [(number + 1) * SECONDS / 60 for number in range(60)]
    changed = {"second": 0, **otherwise}
    samples = [replace(CALM, **{**(changed if at > since else {}), "second": at}) for at in moments]
    return complaints(Course(SECONDS, samples, 1_500))


def test_a_calm_run_is_good() -> None:
    assert verdict(since=SECONDS) == []


def test_a_process_that_grew_is_named() -> None:
    assert verdict(since=400, memory={"web": 200.0, "worker": 225.0}) == ["worker grew from 200 MB to 225 MB"]


def test_what_a_process_takes_while_it_warms_up_is_no_growth() -> None:
    assert verdict(since=110, memory={"web": 400.0, "worker": 225.0}) == []


@pytest.mark.parametrize(("name", "after"), [("p50", 21.0), ("p99", 201.0)])
def test_a_delay_that_doubled_is_named(name: str, after: float) -> None:
    (said,) = verdict(since=500, **{name: after})
    assert said.startswith(f"{name} from commit to acceptance grew")


def test_a_delay_that_doubled_within_the_noise_is_none() -> None:
    assert verdict(since=500, p50=15.0) == []


def test_a_delay_behind_an_open_transaction_is_named() -> None:
    assert "p50 rose to 250 ms while somebody's transaction was open" in verdict(since=350, p50=250.0)


def test_dead_rows_that_nobody_takes_away_are_named() -> None:
    dead_rows = {**CALM.dead_rows, "pending": DEAD_ROWS["pending"] + 1}
    assert verdict(since=500, dead_rows=dead_rows) == ["pending has 150,001 dead rows at the end"]


def test_a_table_that_swells_is_named() -> None:
    assert verdict(since=590, disk={**CALM.disk, "rollups": 300.0}) == ["rollups took 300 MB of disk"]


def test_a_stream_that_was_not_kept_up_with_is_named() -> None:
    assert verdict(since=100, events_per_second=1_000) == ["only 1,083 events/s of 1,500 were accepted"]
