"""The benchmarks themselves work: the smallest extent, from the first process to the last number."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.configuration import ROOT
from tests.benchmarks.__main__ import known_ids


@pytest.mark.slow
def test_a_trial_measures_every_id(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--output", str(output)]
    environment = {name: value for name, value in os.environ.items() if name != "BENCH_ONLY"} | {"BENCH": "trial"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    found = json.loads(output.read_text())
    assert found["failures"] == {}, done.stdout
    assert [result["id"] for result in found["results"]] == known_ids()
    assert all(result["value"] > 0 for result in found["results"])
    assert done.returncode == 0


def test_an_id_that_nobody_measures_is_refused_before_anything_starts() -> None:
    environment = {**os.environ, "BENCH_ONLY": "full100_events_per_s,nonsense"}
    command = [sys.executable, "-m", "tests.benchmarks"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stdout.startswith("BENCH_ONLY names nonsense; there are: full100_vs_boto3x20, ")
