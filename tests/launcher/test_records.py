"""Which left-over processes may be ended: those that were recorded, and no stranger under the same number."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import records
from launcher.identity import birth_of
from launcher.records import Record


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as process:
        yield process
        process.kill()


def test_a_recorded_process_is_ended_and_forgotten(tmp_path: Path, sleeper: "subprocess.Popen[bytes]") -> None:
    records.write(tmp_path, Record("worker", sleeper.pid, birth_of(sleeper.pid), signal.SIGTERM))
    assert records.end_left_over(tmp_path) == ["worker"]
    assert sleeper.wait(5) == -signal.SIGTERM
    assert not list(tmp_path.iterdir())


def test_a_stranger_that_was_given_the_same_number_is_left_alone(
    tmp_path: Path, sleeper: "subprocess.Popen[bytes]"
) -> None:
    records.write(tmp_path, Record("worker", sleeper.pid, "born earlier", signal.SIGTERM))
    assert records.end_left_over(tmp_path) == []
    assert sleeper.poll() is None
    assert not list(tmp_path.iterdir())


def test_a_record_that_was_torn_by_a_full_disk_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text('{"name": "web", "pi')
    assert records.end_left_over(tmp_path) == []
