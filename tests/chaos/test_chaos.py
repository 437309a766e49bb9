"""The proof of reliability: whatever dies or fails, nothing is lost and every duplicate has its reason.

CHAOS_SEED repeats a run's choices; the moments at which they strike are never quite the same.
"""

import os
import random
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from launcher.configuration import ROOT
from launcher.stack import running
from tests.chaos.story import SETTINGS, Extent, Run
from tests.chaos.telling import failures, table
from tests.smoke.reading import read_events

DATA = ROOT / "tests" / "data"
SHORT = Extent(
    tenants=20, seconds=10, per_second=60, kill_pause=1, kill_rounds=1, fault_seconds=1, renewed=1, seed=28286
)
LONG = Extent(tenants=200, seconds=180, per_second=80, kill_pause=7, kill_rounds=4, fault_seconds=6, renewed=8, seed=0)
DEEPEST = 5_000


@pytest.fixture(autouse=True)
def _room_for_deep_details() -> Iterator[None]:
    """The JSON decoders count each level against Python's limit; details of a thousand levels are legal."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEPEST))
    yield
    sys.setrecursionlimit(before)


def check(extent: Extent, capsys: pytest.CaptureFixture[str]) -> None:
    if seed := os.environ.get("CHAOS_SEED"):
        extent = replace(extent, seed=int(seed))
    with capsys.disabled():
        print(f"\nChaos for {extent.tenants} tenants with CHAOS_SEED={extent.seed}")  # noqa: T201
    events = read_events(DATA / "github-webhooks.ndjson", DATA / "hard-payloads.ndjson")
    with running(environment=SETTINGS) as stack:
        outcome = Run(stack, extent, events).play()
    with capsys.disabled():
        print(table(outcome))  # noqa: T201
    assert failures(outcome) == []


def test_nothing_is_lost_while_everything_dies_once(capsys: pytest.CaptureFixture[str]) -> None:
    check(SHORT, capsys)


@pytest.mark.slow
def test_nothing_is_lost_while_everything_dies_all_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    check(replace(LONG, seed=random.randrange(10**6)), capsys)
