import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.stack import Stack


@pytest.fixture
def place() -> Iterator[Path]:
    """A temporary directory that `nobody` may pass through, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="partnerbus-launcher-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def stack(place: Path) -> Iterator[Stack]:
    """A supervisor that is not started yet, with stand-ins for web and worker."""
    stack = Stack(place / "data", {}, [sys.executable, "-m", "tests.launcher.stand_ins"])
    yield stack
    stack.stop()
