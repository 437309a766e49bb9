"""What is written of results."""

import json
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import known_ids
from tests.benchmarks.bodies import Body
from tests.benchmarks.extent import FULL, QUICK, chosen
from tests.benchmarks.reporting import BEGIN, END, SHOWN, table, write_json, write_readme
from tests.benchmarks.results import Failed, Result, percentile

MACHINE = {
    "cpu": "A processor",
    "cores": 2,
    "memory_gb": 8.0,
    "kernel": "Linux 6",
    "python": "3.11.2",
    "load_at_start": 0.1,
}
RATE = Result("full100_events_per_s", "events/s", "higher", [30_000.0, 40_000.0, 20_000.0], foreign=[0.01, 0.3, 0.0])
PROMISED = {
    "full100_vs_boto3x20",
    "full100_vs_celery_per_event",
    "full100_events_per_s",
    "full20_events_per_s",
    "single_requests_per_s",
    "sender_cpu_vs_boto3",
    "commit_to_accepted_p50_vs_boto3_call",
    "wal_bytes_per_wire_byte",
    "drain_held_events_per_s",
    "replay_events_per_s",
    "fairness_p99_ratio",
    "list_page_10m_ms",
    "metrics_page_10m_ms",
    "pattern_matches_per_s",
}


def test_every_promised_id_and_every_id_of_the_readme_is_measured_by_exactly_one_scenario() -> None:
    known = known_ids()
    assert len(known) == len(set(known))
    assert (PROMISED | set(SHOWN)) <= set(known)


def test_a_program_reads_the_median_all_runs_and_the_machine(tmp_path: Path) -> None:
    write_json(tmp_path / "bench.json", MACHINE, "quick", 12.3, [RATE], {"replaying": "no answer"})
    found = json.loads((tmp_path / "bench.json").read_text())
    assert found["machine"]["cores"] == 2
    assert found["failures"] == {"replaying": "no answer"}
    (result,) = found["results"]
    assert (result["id"], result["value"], result["better"]) == ("full100_events_per_s", 30_000, "higher")
    assert result["runs"] == [30_000, 40_000, 20_000]
    assert result["spread"] == pytest.approx(1 / 3, abs=0.001)


def test_the_table_says_how_far_the_runs_lie_apart_how_busy_others_were_and_that_no_quota_was_kept() -> None:
    text = table([RATE])
    assert "±33%" in text
    assert "0.30" in text
    assert "1,400 calls a second" in text


def test_the_readme_gets_a_new_table_between_its_marks_and_keeps_the_rest(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nAfter\n")
    for _ in range(2):
        write_readme(readme, MACHINE, "full", [RATE])
    text = readme.read_text()
    assert text.startswith(f"# Before\n\n{BEGIN}\n| measured |")
    assert text.endswith(f"{END}\n\nAfter\n")
    assert "30,000 events/s" in text
    assert "old" not in text
    assert text.count("full100_events_per_s") == 1


def test_a_readme_without_marks_is_left_as_it_is(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# Nothing here\n")
    with pytest.raises(ValueError, match="needs the marks"):
        write_readme(readme, MACHINE, "full", [RATE])
    assert readme.read_text() == "# Nothing here\n"


def test_the_project_s_readme_has_the_marks() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text()
    assert text.index(BEGIN) < text.index(END)


def test_bench_chooses_how_much_is_measured() -> None:
    assert chosen({}) is FULL
    assert chosen({"BENCH": "Quick"}) is QUICK
    with pytest.raises(ValueError, match="BENCH=fast is none of full, quick, trial"):
        chosen({"BENCH": "fast"})


def test_the_full_benchmark_takes_at_least_five_runs_of_everything_it_repeats() -> None:
    runs = {name: value for name, value in vars(FULL).items() if name.endswith("_runs") or name == "rounds"}
    assert len(runs) == 7
    assert min(runs.values()) >= 5


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile(list(map(float, range(1_000))), 0.99) == 990.0
    with pytest.raises(Failed):
        percentile([], 0.5)


def test_a_body_spreads_its_events_over_the_tenants_and_never_repeats_an_id() -> None:
    body = Body("run", ["a", "b"], 4)
    posts = [json.loads(body.fresh(number))["events"] for number in (0, 1, 99_999_999)]
    ids = [event["id"] for events in posts for event in events]
    assert len(set(ids)) == 12
    assert [event["tenant"] for event in posts[0]] == ["a", "b", "a", "b"]
    assert json.loads(Body("run", ["a"], 1).fresh(3))["id"] == "run-00000003-0"
