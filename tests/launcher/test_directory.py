"""Which directories are taken for data, and how what is in them is protected."""

from pathlib import Path

import pytest

from launcher import LaunchError
from launcher.directory import DataDirectory


def made(path: Path) -> DataDirectory:
    data = DataDirectory(path)
    data.make(None, path.parent)
    return data


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_directory_with_files_of_somebody_else_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    before = mode_of(tmp_path)
    with pytest.raises(LaunchError, match=r"did not make, mine\.txt among them"):
        made(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert mode_of(tmp_path) == before


def test_our_own_directory_is_taken_again_whatever_was_added_to_it(tmp_path: Path) -> None:
    data = made(tmp_path / "data")
    (data.path / "mine.txt").write_text("x")
    assert made(data.path).logs.is_dir()


def test_an_empty_directory_becomes_as_private_as_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir(mode=0o755)
    assert mode_of(made(tmp_path / "empty").path) == mode_of(made(tmp_path / "new").path) == 0o700


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_is_refused_by_that_name(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LaunchError, match=f"{tmp_path}/file is a file and no directory"):
        made(tmp_path / place)


def test_copies_of_the_servers_programs_that_lie_there_are_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launcher.directory.SHARED_COPIES", tmp_path / "bin")
    (tmp_path / "bin").mkdir()
    assert made(tmp_path).remove() == ["bin"]
