"""The pytest plugin that gives every test run a database of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launcher.configuration import ROOT
from launcher.identity import birth_of

SUITE = """
import os, pathlib, time
import psycopg
import pytest

@pytest.mark.parametrize("number", range(4))
def test_one(number):
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("show fsync").fetchone() == ("off",)
        found = connection.execute("select setting from pg_settings where name = 'data_directory'").fetchone()
    note = pathlib.Path(__file__).with_name(f"seen-{number}")
    note.with_suffix(".new").write_text(found[0])
    note.with_suffix(".new").rename(note)
    time.sleep(float(os.environ["PAUSE"]))
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def start(suite: Path, *options: str, pause: float = 0) -> "subprocess.Popen[str]":
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    own = {"PAUSE": str(pause), "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "tests.services", *options, str(suite)],
        env={**inherited, **own},
        cwd=suite,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_workers_of_xdist_share_the_one_database_which_goes_at_the_end(suite: Path) -> None:
    run = start(suite, "-p", "xdist", "-n", "2")
    output = run.communicate(timeout=60)[0]
    assert "4 passed" in output, output
    clusters = {note.read_text() for note in suite.glob("seen-?")}
    assert len(clusters) == 1
    assert not Path(clusters.pop()).parents[1].exists()


def test_a_pytest_that_is_killed_takes_its_servers_and_their_files_with_it(suite: Path) -> None:
    run = start(suite, pause=60)
    while not (suite / "seen-0").exists():
        assert run.poll() is None
        time.sleep(0.05)
    cluster = Path((suite / "seen-0").read_text())
    postmaster = int((cluster / "postmaster.pid").read_text().splitlines()[0])
    assert birth_of(postmaster)
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=10)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (birth_of(postmaster) or cluster.exists()):
        time.sleep(0.05)
    assert birth_of(postmaster) is None
    assert not cluster.exists()
