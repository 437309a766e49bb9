from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.started import DAY, NAME, World


def test_what_exists_gets_older_and_what_comes_later_does_not(world: World) -> None:
    world.offer()
    before = world.alder.describe_event_source(Name=NAME)
    world.advance(DAY)
    after = world.alder.describe_event_source(Name=NAME)
    for moment in ("CreationTime", "ExpirationTime"):
        assert before[moment] - after[moment] == timedelta(days=1)
    world.offer(f"{NAME}2")
    younger = world.alder.describe_event_source(Name=f"{NAME}2")
    assert younger["ExpirationTime"] - after["ExpirationTime"] > timedelta(hours=23)


def test_small_steps_add_up(world: World) -> None:
    world.offer()
    assert [world.advance(DAY)["expired"] for _ in range(7)] == [0] * 6 + [1]


def test_only_what_is_due_expires(world: World) -> None:
    world.offer(f"{NAME}1")
    world.advance(4 * DAY)
    world.offer(f"{NAME}2")
    assert world.advance(4 * DAY) == {"expired": 1}
    assert (world.state(f"{NAME}1"), world.state(f"{NAME}2")) == ("none", "PENDING")


def test_messages_keep_their_age(world: World) -> None:
    inbox = world.connected()
    world.put("{}")
    world.advance(300 * DAY)
    assert len(inbox.events()) == 1


@pytest.mark.parametrize(
    "body", [{}, {"advance_seconds": 0}, {"advance_seconds": -1}, {"advance_seconds": "1"}, {"x": 1}]
)
def test_nonsense_is_refused_with_a_reason(world: World, body: dict[str, Any]) -> None:
    status, answer = world.sandbox.private("POST", "clock", body)
    assert status == 400
    assert answer["error"]
