"""The console: a person plays the tenant's AWS admin with forms that need no script."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.sandbox.started import ALDER, NAME, REGION, World


def press(world: World, action: str, origin: str | None = "", host: str = "", **fields: str) -> tuple[int, str]:
    """Post one of the console's forms as a browser would; status and text of the answer."""
    form = urlencode({"account": ALDER, "region": REGION, "source": NAME, **fields}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if origin is not None:
        headers["Origin"] = origin or world.sandbox.url
    if host:
        headers["Host"] = host
    return world.sandbox.http("POST", f"/_sandbox/console/{action}", form, headers)


def page_of(world: World, query: str = f"?account={ALDER}&region={REGION}") -> str:
    status, text = world.sandbox.http("GET", f"/_sandbox/{query}")
    assert status == 200
    return text


def faults(world: World) -> Any:
    return world.sandbox.private("GET", "faults")["faults"]


@pytest.mark.parametrize("way", ["accept", "accept-newer"])
def test_a_source_is_accepted_in_both_ways_and_taken_back(world: World, way: str) -> None:
    world.offer()
    assert NAME in page_of(world)
    assert press(world, way)[0] == 303
    assert world.seen_by_partner() == "ACTIVE"
    assert press(world, "delete-bus")[0] == 303
    assert world.seen_by_partner() == "PENDING"


def test_it_is_deactivated_activated_and_deleted_behind_everybodys_back(world: World) -> None:
    world.connected()
    for action, state in (("deactivate", "PENDING"), ("activate", "ACTIVE"), ("delete-source", "none")):
        assert press(world, action)[0] == 303
        assert world.seen_by_partner() == state


def test_deleting_a_bus_takes_its_rules_with_it(world: World) -> None:
    world.connected()
    assert press(world, "delete-bus")[0] == 303
    assert world.sandbox.private("GET", "state")["rules"] == []


def test_a_rule_is_saved_and_what_it_took_is_shown(world: World) -> None:
    world.offer()
    world.accept()
    assert press(world, "rule", bus=NAME, rule="console", pattern='{"detail": {"n": [1]}}')[0] == 303
    world.put('{"n": 1}', '{"n": 2}')
    text = page_of(world)
    assert "Matches 1 of the last 2 events." in text
    assert "No rule matched: it is gone." in text
    assert len(world.queue("receiver").events()) == 1


def test_a_pattern_that_is_none_is_refused_in_words_and_kept_for_mending(world: World) -> None:
    world.connected()
    typed = '{"detail": "<b>not a list</b>"}'
    status, text = press(world, "rule", bus=NAME, rule="everything", pattern=typed)
    assert status == 422
    assert "InvalidEventPatternException" in text
    assert "&lt;b&gt;not a list&lt;/b&gt;" in text
    assert "<b>not a list" not in text


def test_the_clock_is_moved_until_the_offer_expires(world: World) -> None:
    world.offer()
    assert press(world, "clock", seconds="700000")[0] == 303
    assert world.seen_by_partner() == "none"
    assert press(world, "clock", seconds="soon")[0] == 422


def test_faults_are_switched_one_by_one_and_all_off(world: World) -> None:
    for fault in ("throttle", "region"):
        assert press(world, "fault", fault=fault, on="yes")[0] == 303
    assert (faults(world)["throttle_rate"], faults(world)["disabled_regions"]) == (0.2, [REGION])
    assert "2 faults are switched on" in page_of(world)
    press(world, "fault", fault="throttle", on="")
    assert (faults(world)["throttle_rate"], faults(world)["disabled_regions"]) == (0, [REGION])
    press(world, "faults-off")
    assert "No fault is switched on" in page_of(world)


def test_every_fault_of_the_page_can_be_switched_on_and_off(world: World) -> None:
    from integrations.sandbox.console.breaking import SWITCHES

    off = faults(world)
    for fault in SWITCHES:
        press(world, "fault", fault=fault, on="yes")
        assert faults(world) != off, fault
        press(world, "fault", fault=fault, on="")
        assert faults(world) == off, fault


def test_what_was_done_is_said_and_no_address_can_put_words_there(world: World) -> None:
    press(world, "faults-off")
    assert "All faults are off." in page_of(world, "?done=all-faults-are-off-")
    assert "hello" not in page_of(world, "?done=hello")


@pytest.mark.parametrize("origin", [None, "https://evil.example.com", "null"])
def test_forms_of_other_pages_are_refused(world: World, origin: str | None) -> None:
    world.offer()
    assert press(world, "reset", origin=origin)[0] == 403
    assert world.state() == "PENDING"


def test_a_foreign_name_that_points_here_is_refused(world: World) -> None:
    rebound = "evil.example.com"
    assert press(world, "reset", origin=f"http://{rebound}", host=rebound)[0] == 403
    assert world.sandbox.http("GET", "/_sandbox/", None, {"Host": rebound})[0] == 403
    assert world.sandbox.http("GET", "/_sandbox/state", None, {"Host": rebound})[0] == 403


def test_the_pages_style_is_the_products_and_nothing_else_is_served(world: World) -> None:
    status, text = world.sandbox.http("GET", "/_sandbox/static/css/app.css")
    assert (status, ".sandbox-strip" in text) == (200, True)
    assert world.sandbox.http("GET", "/_sandbox/static/../pyproject.toml")[0] == 404
    assert world.sandbox.http("GET", "/_sandbox/static/../../etc/passwd")[0] == 404


def test_names_that_somebody_else_chose_stay_text(world: World) -> None:
    world.connected()
    world.put("{}", DetailType="<script>alert(1)</script>")
    assert "<script>alert" not in page_of(world)
    assert "&lt;script&gt;alert(1)" in page_of(world)


@pytest.mark.parametrize("query", ["?account=12", "?region=<b>"])
def test_a_place_that_is_none_is_refused(world: World, query: str) -> None:
    assert world.sandbox.http("GET", f"/_sandbox/{query}")[0] == 400
