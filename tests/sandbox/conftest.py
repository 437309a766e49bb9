from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sandbox.started import Sandbox, World


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """The shared simulator, empty."""
    shared_sandbox.private("POST", "reset")
    return shared_sandbox


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return World(sandbox)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Sandbox]]:
    """Starts simulators on one state file; whatever still runs at the end is killed."""
    started: list[Sandbox] = []

    def start_one() -> Sandbox:
        started.append(Sandbox(str(tmp_path / "data" / "state.sqlite")))
        return started[-1]

    yield start_one
    for sandbox in started:
        sandbox.kill()
