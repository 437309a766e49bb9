"""EVENTS, TENANTS and FAULTS say what a run has to do."""

from pathlib import Path

import pytest

from tests.smoke.__main__ import main, read_task
from tests.smoke.reading import UnusableEvents

LINES = "".join(f'{{"tenant":"{"ab"[n % 2]}","type":"t","id":"{n}","detail":{{}}}}\n' for n in range(6))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    path.write_text(LINES)
    return path


def test_a_named_file_is_all_there_is(file: Path) -> None:
    task = read_task({"EVENTS": str(file)})
    assert (len(task.events), task.tenants, task.with_faults) == (6, ["a", "b"], False)


def test_tenants_can_be_more_than_the_file_names(file: Path) -> None:
    assert read_task({"EVENTS": str(file), "TENANTS": "3"}).tenants == ["tenant-1", "tenant-2", "tenant-3"]


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("yes", True), ("0", False), ("", False), ("off", False)])
def test_faults_are_switched(file: Path, value: str, expected: bool) -> None:
    assert read_task({"EVENTS": str(file), "FAULTS": value}).with_faults is expected


def test_without_a_file_real_hard_and_large_events_are_posted() -> None:
    ids = [event.id for event in read_task({}).events]
    assert len(ids) > 200
    assert {"hard/exponents", "large/text"} <= set(ids)


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5"])
def test_a_number_of_tenants_that_is_none_is_refused(file: Path, number: str) -> None:
    with pytest.raises(UnusableEvents, match="TENANTS"):
        read_task({"EVENTS": str(file), "TENANTS": number})


def test_a_bad_line_ends_it_with_code_2_before_anything_is_started(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(LINES + "{\n")
    assert main({"EVENTS": str(file)}) == 2
    assert "line 7" in capsys.readouterr().out
