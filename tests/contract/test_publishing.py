"""What happens to entries of PutPartnerEvents, from our gateway to the customer's queue."""

import json
from datetime import UTC, datetime

import pytest

from integrations.aws import errors, partner_sources
from integrations.aws.errors import RetryClass
from integrations.aws.limits import entry_size
from integrations.aws.publishing import Accepted, Refused
from tests.aws.calling import put_partner_events
from tests.contract.conftest import REGION
from tests.contract.receiver import Receiver
from tests.contract.world import World, code_of, entry


def put_raw(world: World, *entries: dict[str, object]) -> object:
    return world.partner.put_partner_events(Entries=list(entries))


def accepted_ids(outcomes: list[object]) -> list[str]:
    return [outcome.event_id for outcome in outcomes if isinstance(outcome, Accepted)]


def test_events_of_a_pending_source_are_accepted_and_lost(world: World) -> None:
    name = world.offered()
    assert len(accepted_ids(world.put(entry(name, '{"n":"lost"}')))) == 1
    world.customer.attach(name)
    receiver = Receiver(world.customer, name)
    world.put(entry(name, '{"n":"kept"}'))
    assert receiver.receive_all_details() == [{"n": "kept"}]
    receiver.close()


def test_an_event_of_an_active_source_arrives_in_aws_envelope(world: World) -> None:
    name = world.accepted()
    receiver = Receiver(world.customer, name)
    sent_at = int(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp())
    outcomes = world.put(entry(name, '{"n":1}', Resources=["urn:partnerbus:event:1"], Time=sent_at))
    envelope = json.loads(receiver.receive(1)[0])
    assert envelope == {
        "version": "0",
        "id": accepted_ids(outcomes)[0],
        "detail-type": "contract.checked",
        "source": name,
        "account": world.customer.account,
        "time": "2026-01-02T03:04:05Z",
        "region": world.region,
        "resources": ["urn:partnerbus:event:1"],
        "detail": {"n": 1},
    }
    receiver.close()


def test_without_a_time_the_envelope_has_the_moment_of_receipt(world: World) -> None:
    name = world.accepted()
    receiver = Receiver(world.customer, name)
    world.put(entry(name))
    envelope = json.loads(receiver.receive(1)[0])
    moment = datetime.fromisoformat(envelope["time"])
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 300
    assert envelope["resources"] == []
    receiver.close()


def test_the_detail_arrives_as_the_text_that_was_sent(world: World) -> None:
    name = world.accepted()
    receiver = Receiver(world.customer, name)
    detail = '{"z":123456789012345678901234567890,"a":1.10,"e":1e5,"u":"ü€😀","x":"\\u00e4","o":{"b":[1,{}],"a":null}}'
    world.put(entry(name, detail))
    assert f'"detail":{detail}' in receiver.receive(1)[0]
    receiver.close()


def test_every_try_gets_an_event_id_of_its_own(world: World) -> None:
    name = world.accepted()
    same = entry(name)
    ids = accepted_ids(world.put(same, same) + world.put(same))
    assert len(set(ids)) == 3


def test_results_answer_entries_by_index_over_several_sources(world: World) -> None:
    mine, other, gone = world.accepted(), world.offered(), world.name()
    first, second, third, fourth = world.put(entry(mine), entry(gone), entry(other, "not json"), entry(other))
    assert isinstance(first, Accepted)
    assert isinstance(second, Refused)
    assert second.retry_class is RetryClass.SOURCE_SUSPECT
    assert isinstance(third, Refused)
    assert (third.code, third.retry_class) == ("MalformedDetail", RetryClass.FINAL)
    assert isinstance(fourth, Accepted)


def test_an_entry_that_lacks_a_required_field_fails_alone(world: World) -> None:
    name = world.accepted()
    whole = entry(name)
    for field in ("Source", "DetailType", "Detail"):
        good, bad = world.put(whole, {key: value for key, value in whole.items() if key != field})
        assert isinstance(good, Accepted)
        assert isinstance(bad, Refused)


def test_a_request_in_which_no_entry_is_complete_fails_as_a_whole(world: World) -> None:
    with pytest.raises(errors.InvalidRequest):
        world.put({"Source": world.offered(), "DetailType": "t"})


@pytest.mark.parametrize("detail", ["", "[1]", '"text"', "{", "NaN"])
def test_a_detail_that_is_not_a_json_object_is_refused(world: World, detail: str) -> None:
    name = world.offered()
    good, bad = world.put(entry(name), entry(name, detail))
    assert isinstance(good, Accepted)
    assert isinstance(bad, Refused)
    assert bad.code in ("MalformedDetail", "InvalidArgument")
    assert bad.retry_class is RetryClass.FINAL


def test_twenty_entries_pass_and_twenty_one_are_refused(world: World) -> None:
    name = world.offered()
    assert len(accepted_ids(world.put(*[entry(name)] * 20))) == 20
    assert code_of(lambda: put_raw(world, *[entry(name)] * 21)) == "ValidationException"


def test_a_request_may_be_full_to_the_last_byte_and_not_one_more(world: World) -> None:
    name = world.offered()
    when, limit = int(datetime.now(UTC).timestamp()), world.max_request_bytes
    small = entry(name, '{"n":1}', Resources=["urn:ü"], Time=when)
    taken = entry_size(name, "contract.checked", '{"n":1}', ["urn:ü"], has_time=True)
    empty = entry_size(name, "contract.checked", '{"x":""}')
    filling = "x" * (limit - taken - empty)
    assert len(accepted_ids(world.put(small, entry(name, f'{{"x":"{filling}"}}')))) == 2
    assert code_of(lambda: put_raw(world, small, entry(name, f'{{"x":"{filling}x"}}'))) == "ValidationException"


def test_a_detail_of_a_thousand_levels_passes_and_one_more_does_not(world: World) -> None:
    name = world.offered()
    deep, deeper = ('{"a":' + "[" * levels + "]" * levels + "}" for levels in (999, 1_000))
    good, bad = world.put(entry(name, deep), entry(name, deeper))
    assert isinstance(good, Accepted)
    assert isinstance(bad, Refused)


def test_a_detail_type_over_128_characters_is_accepted_and_lost(world: World) -> None:
    name = world.accepted()
    receiver = Receiver(world.customer, name)
    too_long, longest = entry(name) | {"DetailType": "t" * 129}, entry(name) | {"DetailType": "t" * 128}
    assert len(accepted_ids(world.put(too_long, longest))) == 2
    assert [json.loads(body)["detail-type"] for body in receiver.receive_all()] == ["t" * 128]
    receiver.close()


def test_a_deleted_source_makes_its_entries_suspect_and_not_dead(world: World) -> None:
    name, other = world.accepted(), world.offered()
    partner_sources.delete(world.publisher, world.region, name, world.customer.account)
    refused, accepted = world.put(entry(name), entry(other))
    assert isinstance(refused, Refused)
    assert refused.retry_class is RetryClass.SOURCE_SUSPECT
    assert isinstance(accepted, Accepted)


def test_a_deactivated_source_takes_events_and_drops_them(world: World) -> None:
    name = world.accepted()
    receiver = Receiver(world.customer, name)
    world.customer.events.deactivate_event_source(Name=name)
    assert len(accepted_ids(world.put(entry(name, '{"n":"lost"}')))) == 1
    world.customer.events.activate_event_source(Name=name)
    world.put(entry(name, '{"n":"kept"}'))
    assert receiver.receive_all_details() == [{"n": "kept"}]
    receiver.close()


def test_only_the_partner_may_write_to_a_partner_bus(world: World) -> None:
    name = world.accepted()
    own = {"Source": "my.app", "DetailType": "t", "Detail": "{}", "EventBusName": name}
    assert code_of(lambda: world.customer.events.put_events(Entries=[own])) == "ValidationException"


def test_boto3_refuses_an_event_bus_name_which_put_partner_events_does_not_have(world: World) -> None:
    with pytest.raises(Exception, match=r'Unknown parameter in Entries.*"EventBusName"'):
        put_raw(world, entry(world.name(), EventBusName="x"))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"throttle_rate": 1}, errors.Throttled),
        ({"internal_rate": 1}, errors.InternalError),
        ({"credentials_error": "ExpiredTokenException"}, errors.ExpiredToken),
        ({"credentials_error": "UnrecognizedClientException"}, errors.UnrecognizedClient),
        ({"credentials_error": "InvalidSignatureException"}, errors.SignatureRefused),
        ({"credentials_error": "AccessDeniedException"}, errors.AccessDenied),
        ({"operation_errors": {"PutPartnerEvents": "OperationDisabledException"}}, errors.OperationDisabled),
        ({"disabled_regions": [REGION]}, errors.OperationDisabled),
        ({"operation_errors": {"PutPartnerEvents": "ServiceUnavailable"}}, errors.ServiceUnavailable),
        ({"timeout_after_accepting_rate": 1}, errors.OutcomeUnknown),
    ],
)
def test_a_fault_of_the_whole_call_reaches_us_as_its_own_error(
    world: World, fault: dict[str, object], error: type[errors.AwsError]
) -> None:
    name = world.offered()
    world.sandbox("faults", fault)
    try:
        with pytest.raises(error):
            world.put(entry(name))
    finally:
        world.sandbox("faults")


@pytest.mark.parametrize(
    ("code", "retry_class"),
    [
        ("InternalFailure", RetryClass.RETRY),
        ("ThrottlingException", RetryClass.THROTTLED),
        ("AccessDeniedException", RetryClass.FINAL),
        ("NotAuthorizedForSourceException", RetryClass.SOURCE_SUSPECT),
        ("NeverSeenBefore", RetryClass.SOURCE_SUSPECT),
    ],
)
def test_a_fault_of_one_entry_reaches_only_that_entry(world: World, code: str, retry_class: RetryClass) -> None:
    good, bad = world.offered(), world.offered()
    world.sandbox("faults", {"entry_failure_rate": 1, "entry_failure_code": code, "entry_failure_sources": [bad]})
    try:
        first, second = world.put(entry(good), entry(bad))
    finally:
        world.sandbox("faults")
    assert isinstance(first, Accepted)
    assert isinstance(second, Refused)
    assert (second.code, second.retry_class) == (code, retry_class)


def test_an_answer_that_never_comes_may_hide_an_acceptance(world: World) -> None:
    name = world.accepted()
    receiver = Receiver(world.customer, name)
    wire = json.dumps(entry(name)).encode()
    world.sandbox("faults", {"timeout_after_accepting_rate": 1, "timeout_seconds": 2})
    try:
        with pytest.raises(errors.OutcomeUnknown):
            put_partner_events(world.publisher, world.region, [wire], timeout=0.3)
    finally:
        world.sandbox("faults")
    assert len(receiver.receive(1)) == 1
    receiver.close()
