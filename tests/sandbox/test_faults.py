import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from tests.sandbox.started import ALDER, NAME, PARTNER, REGION, World, code, refusal

OTHER = f"{NAME}-other"


def codes(world: World, entries: int, name: str = NAME) -> list[str | None]:
    return [entry.get("ErrorCode") for entry in world.put(*["{}"] * entries, name=name)["Entries"]]


def counters(world: World) -> Any:
    return world.sandbox.private("GET", "faults")["counters"]


def calls(world: World, number: int) -> list[str]:
    return [refusal(world.put, "{}") for _ in range(number)]


@pytest.mark.parametrize(
    ("fault", "expected", "status"),
    [
        ({"throttle_rate": 1}, "ThrottlingException", 400),
        ({"internal_rate": 1}, "InternalException", 500),
        ({"credentials_error": "ExpiredTokenException"}, "ExpiredTokenException", 400),
        ({"credentials_error": "UnrecognizedClientException"}, "UnrecognizedClientException", 400),
        ({"operation_errors": {"PutPartnerEvents": "ServiceUnavailable"}}, "ServiceUnavailable", 503),
    ],
)
def test_a_whole_call_fails_and_accepts_nothing(world: World, fault: Any, expected: str, status: int) -> None:
    inbox = world.connected()
    world.faults(**fault)
    with pytest.raises(ClientError) as failed:
        world.put("{}")
    assert code(failed.value) == expected
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert sum(counters(world).values()) == 1
    assert inbox.events() == []


def test_a_rate_hits_a_fraction_and_a_seed_repeats_it(world: World) -> None:
    world.offer()
    world.faults(throttle_rate=0.5, seed=7)
    first = calls(world, 40)
    assert 10 < first.count("ThrottlingException") < 30
    assert counters(world)["throttle"] == first.count("ThrottlingException")
    world.faults(throttle_rate=0.5, seed=7)
    assert calls(world, 40) == first
    world.faults(throttle_rate=0.5, seed=8)
    assert calls(world, 40) != first


def test_every_nth_entry_fails_across_calls(world: World) -> None:
    world.offer()
    world.faults(entry_failure_every=3, entry_failure_code="ThrottlingException")
    failed = "ThrottlingException"
    assert codes(world, 4) == [None, None, failed, None]
    assert codes(world, 4) == [None, failed, None, None]
    assert counters(world)["entry_failure"] == 2


def test_failed_entries_are_not_delivered_and_the_others_are(world: World) -> None:
    inbox = world.connected()
    world.faults(entry_failure_every=2)
    answer = world.put('{"n": 1}', '{"n": 2}', '{"n": 3}')
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][1]["ErrorCode"] == "InternalFailure"
    assert [event["detail"]["n"] for event in inbox.events()] == [1, 3]


def test_entry_failures_can_be_kept_to_some_sources(world: World) -> None:
    world.offer()
    world.offer(OTHER)
    world.faults(entry_failure_rate=1, entry_failure_sources=[OTHER])
    assert (codes(world, 2), codes(world, 2, OTHER)) == ([None, None], ["InternalFailure"] * 2)


def test_an_answer_is_lost_after_the_events_were_accepted(world: World) -> None:
    inbox = world.connected()
    world.faults(timeout_after_accepting_rate=1)
    with pytest.raises(ConnectionClosedError):
        world.put('{"n": 1}')
    assert [event["detail"]["n"] for event in inbox.events()] == [1]
    assert counters(world)["timeout_after_accepting"] == 1


def test_a_lost_answer_may_keep_the_client_waiting(world: World) -> None:
    world.offer()
    world.faults(timeout_after_accepting_rate=1, timeout_seconds=0.5)
    started = time.monotonic()
    with pytest.raises((ConnectionClosedError, ReadTimeoutError)):
        world.put("{}")
    assert time.monotonic() - started >= 0.5


def test_latency_delays_the_partners_calls_without_blocking_others(world: World) -> None:
    world.offer()
    world.faults(latency_ms=1500)
    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        delayed = pool.submit(world.put, "{}")
        world.alder.describe_event_source(Name=NAME)
        assert not delayed.done()
        delayed.result()
        assert time.monotonic() - started >= 1.5


def test_faults_leave_the_tenants_own_calls_alone(world: World) -> None:
    world.offer()
    world.faults(credentials_error="ExpiredTokenException", throttle_rate=1, internal_rate=1)
    world.accept()
    assert world.state() == "ACTIVE"
    listing = world.partner.list_partner_event_source_accounts
    assert refusal(listing, EventSourceName=NAME) == "ExpiredTokenException"
    assert world.sandbox.client("sts", ALDER).get_caller_identity()["Account"] == ALDER


def test_posting_faults_replaces_the_old_ones_and_deleting_clears_them(world: World) -> None:
    world.offer()
    world.faults(throttle_rate=1)
    world.faults(internal_rate=1)
    assert calls(world, 2) == ["InternalException"] * 2
    cleared = world.sandbox.private("DELETE", "faults")
    assert (cleared["faults"]["internal_rate"], cleared["counters"]) == (0, {})
    assert calls(world, 2) == ["accepted"] * 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"throttle_rate": 1.5}, "throttle_rate"),
        ({"internal_rate": -0.1}, "internal_rate"),
        ({"entry_failure_every": -1}, "entry_failure_every"),
        ({"entry_failure_code": ""}, "entry_failure_code"),
        ({"latency_ms": "slow"}, "latency_ms"),
        ({"credentials_error": "Nonsense"}, "credentials_error"),
        ({"operation_errors": {"PutRule": "InternalException"}}, "operation_errors"),
        ({"seed": 0.5}, "seed"),
        ({"trottle_rate": 1}, "trottle_rate"),
    ],
)
def test_a_wrong_field_is_named_and_changes_nothing(world: World, fault: Any, reason: str) -> None:
    before = world.faults(throttle_rate=0.25)
    status, answer = world.sandbox.private("POST", "faults", fault)
    assert status == 400
    assert reason in answer["error"]
    assert world.sandbox.private("GET", "faults") == before


def test_a_region_that_is_disabled_refuses_the_partner_there_and_nowhere_else(world: World) -> None:
    world.faults(disabled_regions=[REGION])
    assert refusal(world.offer) == "OperationDisabledException"
    elsewhere = world.sandbox.client("events", PARTNER, "us-east-1")
    assert refusal(elsewhere.create_partner_event_source, Name=NAME, Account=ALDER) == "accepted"
    assert refusal(world.alder.list_event_sources) == "accepted"


def test_a_limit_of_sources_refuses_the_next_one_and_keeps_those_that_exist(world: World) -> None:
    world.offer()
    world.faults(source_limit=1)
    assert refusal(world.offer, f"{NAME}-2") == "LimitExceededException"
    assert world.state() == "PENDING"


def test_calls_beyond_the_rate_are_throttled(world: World) -> None:
    world.offer()
    world.faults(calls_per_second=0.01)
    assert [refusal(world.put, "{}") for _ in range(3)] == ["accepted", *["ThrottlingException"] * 2]
