from typing import Any

import pytest

from tests.sandbox.started import ALDER, NAME, PARTNER, REGION, Sandbox, World, refusal


def test_the_state_shows_everything(world: World) -> None:
    inbox = world.connected()
    world.put("{}", "{")
    inbox.sqs.receive_message(QueueUrl=inbox.url)
    world.put("{}")
    state = world.sandbox.private("GET", "state")
    assert state["accounts"] == [PARTNER, ALDER]
    (source,) = state["sources"]
    assert (source["name"], source["state"], source["bus_attached"], source["expires_at"]) == (
        NAME,
        "ACTIVE",
        True,
        None,
    )
    assert (source["publisher"], source["account"], source["region"]) == (PARTNER, ALDER, REGION)
    assert [bus["name"] for bus in state["buses"]] == [NAME]
    (rule,) = state["rules"]
    assert [target["arn"] for target in rule["targets"]] == [inbox.arn]
    (queue,) = state["queues"]
    assert (queue["visible"], queue["in_flight"], queue["delayed"]) == (1, 1, 0)
    assert state["counters"]["entries_accepted"] == 2
    assert state["counters"]["entries_failed"] == 1
    assert state["counters"]["delivered"] == 2


def test_a_reset_forgets_everything(world: World) -> None:
    inbox = world.connected()
    world.put("{}")
    world.settings(max_rules_per_bus=1)
    world.faults(throttle_rate=1)
    world.sandbox.private("POST", "publishers", {"account": ALDER, "namespaces": ["*"]})
    world.sandbox.private("POST", "reset")
    state = world.sandbox.private("GET", "state")
    assert [state[kind] for kind in ("sources", "buses", "rules", "queues", "counters")] == [[], [], [], [], {}]
    assert state["publishers"] == [{"account": PARTNER, "namespaces": ["*"]}]
    assert (state["faults"]["throttle_rate"], state["settings"]["max_rules_per_bus"]) == (0, 300)
    missing = "AWS.SimpleQueueService.NonExistentQueue"
    assert refusal(inbox.sqs.receive_message, QueueUrl=inbox.url) == missing
    assert world.queue().bodies() == []


def test_settings_that_are_not_named_keep_their_value(world: World) -> None:
    world.settings(max_rules_per_bus=7)
    assert world.settings(pending_lifetime=60)["max_rules_per_bus"] == 7


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("settings", {"pending_lifetime": 0}, "$.pending_lifetime"),
        ("settings", {"no_such_setting": 1}, "no_such_setting"),
        ("settings", {"enabled_regions": ["Mars"]}, "$.enabled_regions"),
        ("settings", ["pending_lifetime"], "Expected `object`, got `array`"),
        ("publishers", {"account": "1", "namespaces": ["*"]}, "$.account"),
        ("publishers", {"account": ALDER, "namespaces": []}, "$.namespaces"),
        ("publishers", {"account": ALDER, "namespaces": ["example.com"]}, "$.namespaces"),
        ("publishers", {"account": ALDER}, "namespaces"),
    ],
)
def test_wrong_bodies_are_refused_with_a_reason(sandbox: Sandbox, path: str, body: Any, reason: str) -> None:
    before = sandbox.private("GET", path)
    status, answer = sandbox.private("POST", path, body)
    assert status == 400
    assert reason in answer["error"]
    assert sandbox.private("GET", path) == before


def test_unknown_doors_name_the_known_ones(sandbox: Sandbox) -> None:
    status, answer = sandbox.private("GET", "nowhere")
    assert status == 404
    assert "POST /_sandbox/clock" in answer["error"]


def test_a_page_of_another_origin_cannot_reset_the_sandbox(world: World) -> None:
    world.offer()
    status, _ = world.sandbox.private("POST", "reset", headers={"Origin": "https://evil.example"})
    assert status == 403
    assert world.state() == "PENDING"
    assert world.sandbox.private("POST", "reset", headers={"Origin": world.sandbox.url}) == {"status": "empty"}


def test_the_console_lists_the_state_and_escapes_it(world: World) -> None:
    world.connected()
    world.alder.put_rule(Name="r", EventBusName=NAME, EventPattern='{"detail-type": ["<script>"]}')
    status, text = world.sandbox.http("GET", "/_sandbox/")
    assert status == 200
    assert NAME in text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_a_browser_at_the_root_is_sent_to_the_console(sandbox: Sandbox) -> None:
    assert sandbox.http("GET", "/")[0] == 302


def test_it_is_ready_when_its_health_says_so(sandbox: Sandbox) -> None:
    assert sandbox.private("GET", "health") == {"status": "ok"}


@pytest.mark.parametrize(("length", "status"), [("x", 400), ("-1", 400), ("99999999", 413)])
def test_bodies_of_impossible_length_are_refused(sandbox: Sandbox, length: str, status: int) -> None:
    assert sandbox.http("POST", "/", b"{}", {"Content-Length": length})[0] == status
