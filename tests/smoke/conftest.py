import sys
from collections.abc import Iterator

import pytest

from tests.smoke.__main__ import RECURSION_LIMIT


@pytest.fixture(autouse=True)
def _room_for_deep_details() -> Iterator[None]:
    """As `python -m tests.smoke` has it; taken back, so that no other test depends on it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, RECURSION_LIMIT))
    yield
    sys.setrecursionlimit(before)
