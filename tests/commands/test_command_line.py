"""`manage.py` as a person calls it, in a process of its own."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "SECRET_KEY": "x" * 50, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_version_is_the_products_and_not_djangos() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    said = manage("version")
    assert (said.returncode, said.stdout.strip()) == (0, version), said.stderr


def test_a_database_that_is_away_is_a_sentence_and_no_traceback() -> None:
    said = manage("create_key", "orders", "test", "backend", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert said.returncode == 1
    assert "Check DATABASE_URL." in said.stderr
    assert "Traceback" not in said.stderr


def test_up_says_why_it_cannot_start(tmp_path: Path) -> None:
    said = manage("up", PARTNERBUS_DATA=str(tmp_path / "data"), PORT="http")
    assert said.returncode == 1
    assert "PORT=http is not a port" in said.stdout + said.stderr
    assert "Traceback" not in said.stderr


def test_the_doctor_ends_without_a_traceback_when_nobody_reads_on() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    said = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=ROOT,
        env={**os.environ, "SECRET_KEY": "x" * 50},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert said.returncode == 141
    assert "Traceback" not in said.stderr
    assert "BrokenPipeError" not in said.stderr
