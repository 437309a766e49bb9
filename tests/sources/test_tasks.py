from collections.abc import Callable
from typing import Any

import pytest

from dashboard.celery import app
from integrations.sources import tasks
from integrations.sources.exclusion import only_sweep
from integrations.sources.models import Source
from integrations.sources.states import shown_state
from tests.sandbox.started import World

Offer = Callable[..., Source]


@pytest.fixture
def kicked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The tasks that were kicked, instead of a broker."""
    kicks: list[Any] = []
    monkeypatch.setattr(tasks, "kick", kicks.append)
    return kicks


def test_the_task_takes_due_sources_to_their_next_state(offer: Offer, aws: World, kicked: list[Any]) -> None:
    source = offer()
    tasks.advance_sources()
    source.refresh_from_db()
    assert shown_state(source) == "pending"
    assert kicked == []


def test_it_starts_its_successor_only_when_more_is_due(
    offer: Offer, aws: World, kicked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer()
    monkeypatch.setattr(tasks, "sweep", lambda clock: True)
    tasks.advance_sources()
    assert kicked == [tasks.advance_sources]


def test_beside_another_sweep_it_does_nothing(offer: Offer, aws: World, kicked: list[Any]) -> None:
    source = offer()
    with only_sweep():
        tasks.advance_sources()
    source.refresh_from_db()
    assert (source.provisioned_at, kicked) == (None, [])


def test_beat_starts_the_task_by_its_name() -> None:
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert tasks.advance_sources.name == "integrations.sources.tasks.advance_sources"
    assert tasks.advance_sources.name in names
