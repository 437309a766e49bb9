"""The flow picture lights what is known and nothing else."""

from datetime import UTC, datetime

import pytest

from dashboard.web.flow import NOT_VISIBLE, Flow, Node, flow_of
from dashboard.web.looks import SOURCE

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def picture(standing: str, observed: str, kept: int = 0, received: bool = False) -> list[Node]:
    return flow_of(Flow("Kestrel", "Birch", standing, observed, NOW, kept, NOW, NOW, None, NOW if received else None))


@pytest.mark.parametrize("standing", SOURCE)
def test_rule_and_target_of_a_tenant_are_never_claimed_to_be_known(standing: str) -> None:
    *_, rule, target = picture(standing, "active")
    for node in (rule, target):
        assert (node.lit, node.say) == (False, NOT_VISIBLE)


def test_what_our_own_receiver_got_lights_the_whole_line() -> None:
    nodes = picture("active", "active", received=True)
    assert [node.tone for node in nodes] == ["ok"] * 5
    assert [node.to for node in nodes] == ["live"] * 4 + [""]


@pytest.mark.parametrize("standing", sorted(SOURCE.keys() - {"active"}))
def test_events_are_never_said_to_flow_through_a_closed_gate(standing: str) -> None:
    saas, source, *_ = picture(standing, "active" if standing in ("paused", "checking") else "pending", kept=262_480)
    assert saas.to == "held"
    assert saas.tap == "262k held"
    assert source.to != "live"


def test_pending_says_awss_word_and_that_there_is_no_bus_yet() -> None:
    _, source, bus, *_ = picture("pending", "pending")
    assert (source.aws, source.tone) == ("PENDING", "wait")
    assert (bus.lit, bus.say) == (False, "Not there yet")


def test_detached_does_not_say_who_did_it() -> None:
    _, _, bus, *_ = picture("detached", "pending")
    assert bus.say == "Not attached any more"
