"""The receiving side by a role of the receiving account, against the simulator."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from integrations.aws import partner_sources, receiver
from integrations.aws.errors import SourceNotFound, WrongAccount
from integrations.aws.publishers import Publisher
from tests.sandbox.started import Sandbox
from tests.sources.aws_side import endpoint

PUBLISHER = Publisher("111111111111", "", "")
RECEIVER = Publisher("222222222222", "arn:aws:iam::222222222222:role/receiver", "secret")
REGION = "eu-west-1"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def name(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh PENDING source that is offered to the receiver."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", sandbox.url)
    with endpoint(monkeypatch, sandbox.url):
        name = f"aws.partner/example.com.test/{uuid4()}/events"
        partner_sources.create(PUBLISHER, REGION, name, RECEIVER.account)
        yield name


def send(sandbox: Sandbox, name: str, resource: str) -> None:
    from tests.aws.calling import put_partner_events

    entry = f'{{"Source":"{name}","DetailType":"t","Detail":"{{}}","Resources":["{resource}"]}}'
    put_partner_events(PUBLISHER, REGION, [entry.encode()], timeout=5)


def test_a_source_is_accepted_and_its_events_received(sandbox: Sandbox, name: str) -> None:
    assert receiver.state_of(RECEIVER, REGION, name).state == "PENDING"
    assert receiver.attach(RECEIVER, REGION, name)
    assert receiver.attach(RECEIVER, REGION, name)  # again: the bus is there
    seen = receiver.state_of(RECEIVER, REGION, name)
    assert (seen.state, bool(seen.request_id)) == ("ACTIVE", True)
    assert partner_sources.witness(PUBLISHER, REGION, name, RECEIVER.account)[0] == "ACTIVE"

    queue = f"validation-{uuid4()}"
    url, request_id = receiver.deliver_to_queue(RECEIVER, REGION, name, queue)
    assert request_id
    assert receiver.deliver_to_queue(RECEIVER, REGION, name, queue)[0] == url
    send(sandbox, name, "urn:one")
    send(sandbox, name, "urn:two")
    found = receiver.receive(RECEIVER, REGION, url, "urn:two")
    assert found
    assert (found.envelope["source"], found.envelope["account"]) == (name, RECEIVER.account)
    assert receiver.receive(RECEIVER, REGION, url, "urn:nobody") is None


def test_a_source_made_again_is_joined_to_the_bus_that_is_left(name: str) -> None:
    receiver.attach(RECEIVER, REGION, name)
    partner_sources.delete(PUBLISHER, REGION, name, RECEIVER.account)
    assert receiver.state_of(RECEIVER, REGION, name).state == "DELETED"
    partner_sources.create(PUBLISHER, REGION, name, RECEIVER.account)
    assert receiver.state_of(RECEIVER, REGION, name).state == "PENDING"
    assert receiver.attach_again(RECEIVER, REGION, name)
    assert receiver.state_of(RECEIVER, REGION, name).state == "ACTIVE"


def test_everything_of_a_test_is_cleared_away_and_clearing_again_is_fine(name: str) -> None:
    receiver.attach(RECEIVER, REGION, name)
    url, _ = receiver.deliver_to_queue(RECEIVER, REGION, name, f"validation-{uuid4()}")
    partner_sources.delete(PUBLISHER, REGION, name, RECEIVER.account)
    receiver.clear_away(RECEIVER, REGION, name, url)
    receiver.clear_away(RECEIVER, REGION, name, url)
    assert receiver.state_of(RECEIVER, REGION, name).state == ""
    assert partner_sources.witness(PUBLISHER, REGION, name, RECEIVER.account)[0] == ""


def test_activating_what_was_never_attached_is_aws_own_refusal(name: str) -> None:
    with pytest.raises(SourceNotFound):
        receiver.attach_again(RECEIVER, REGION, name)


def test_a_role_of_another_account_is_refused_before_any_call(name: str) -> None:
    foreign = Publisher(RECEIVER.account, "arn:aws:iam::333333333333:role/receiver", "")
    with pytest.raises(WrongAccount):
        receiver.state_of(foreign, REGION, name)
