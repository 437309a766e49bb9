"""`make clean` and `make demo-reset`: thorough with what make made, careful with what people made."""

from pathlib import Path

import pytest

from launcher import LaunchError, cleaning
from launcher.directory import DataDirectory


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataDirectory:
    monkeypatch.setenv("PARTNERBUS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("DATABASE_URL", "")
    data = DataDirectory(tmp_path / "data")
    data.make(None, tmp_path)
    data.world.write_text("demo\n")
    return data


def clean(root: Path) -> None:
    cleaning.clean(root, root / "copies")


def test_clean_removes_what_make_made_and_nothing_else(data: DataDirectory, tmp_path: Path) -> None:
    for name in (".venv/bin", "staticfiles", "package/__pycache__", "docs"):
        (tmp_path / name).mkdir(parents=True)
    clean(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["docs", "package"]


def test_clean_refuses_while_a_stack_runs(data: DataDirectory, tmp_path: Path) -> None:
    with data.locked(), pytest.raises(LaunchError, match="Stop it first"):
        clean(tmp_path)
    assert data.path.exists()


def test_clean_keeps_data_of_ones_own_until_it_is_forced(
    data: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.world.write_text("empty\n")
    clean(tmp_path)
    assert data.path.exists()
    monkeypatch.setenv("FORCE", "1")
    clean(tmp_path)
    assert not data.path.exists()


def test_clean_keeps_the_data_of_another_checkout(data: DataDirectory, tmp_path: Path) -> None:
    data.checkout.write_text("/somewhere/else\n")
    clean(tmp_path)
    assert data.path.exists()


def test_demo_reset_removes_the_demo_world_and_refuses_anything_else(data: DataDirectory) -> None:
    data.world.write_text("empty\n")
    with pytest.raises(LaunchError, match="data of your own"):
        cleaning.reset_demo()
    data.world.write_text("demo\n")
    cleaning.reset_demo()
    assert not data.path.exists()


@pytest.mark.parametrize("command", ["clean", "demo-reset"])
def test_what_somebody_else_put_into_the_data_directory_is_never_deleted(
    data: DataDirectory, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("mine.txt", "notes/today", "done-migrate", "beat-schedule.db", "sandbox.sqlite-wal", "secret_key"):
        (data.path / name).parent.mkdir(exist_ok=True)
        (data.path / name).write_text("x")
    if command == "clean":
        clean(tmp_path)
    else:
        cleaning.reset_demo()
    assert sorted(path.name for path in data.path.iterdir()) == ["mine.txt", "notes"]
    assert (data.path / "notes/today").read_text() == "x"
    assert f"{data.path} stays, because Partnerbus did not make: mine.txt, notes." in capsys.readouterr().out


def test_a_removal_goes_through_no_symbolic_link(data: DataDirectory, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/mine.txt").write_text("x")
    (data.path / "postgres").symlink_to(tmp_path / "elsewhere")
    clean(tmp_path)
    assert not data.path.exists()
    assert (tmp_path / "elsewhere/mine.txt").exists()
