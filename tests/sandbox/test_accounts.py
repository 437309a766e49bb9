import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.started import ALDER, BIRCH, NAME, PARTNER, Sandbox, World, code, message, refusal

ROLE = f"arn:aws:iam::{PARTNER}:role/path/publisher"


def assumed(sandbox: Sandbox, role: str = ROLE, caller: str = ALDER, **parameters: Any) -> dict[str, str]:
    sts = sandbox.client("sts", caller)
    answer = sts.assume_role(RoleArn=role, RoleSessionName="worker-1", **parameters)
    return answer["Credentials"]


def client_of(sandbox: Sandbox, service: str, credentials: dict[str, str]) -> Any:
    return sandbox.client(service, credentials["AccessKeyId"], token=credentials["SessionToken"])


def test_twelve_digits_as_access_key_id_are_the_account(sandbox: Sandbox) -> None:
    identity = sandbox.client("sts", BIRCH).get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (BIRCH, f"arn:aws:iam::{BIRCH}:root")


def test_an_assumed_role_speaks_for_its_account(sandbox: Sandbox) -> None:
    credentials = assumed(sandbox, ExternalId="secret-agreed")
    identity = client_of(sandbox, "sts", credentials).get_caller_identity()
    assert identity["Account"] == PARTNER
    assert identity["Arn"] == f"arn:aws:sts::{PARTNER}:assumed-role/publisher/worker-1"
    assert identity["UserId"].endswith(":worker-1")


def test_an_assumed_role_of_the_publisher_may_publish(world: World, sandbox: Sandbox) -> None:
    inbox = world.connected()
    partner = client_of(sandbox, "events", assumed(sandbox))
    entry = {"Source": NAME, "DetailType": "t", "Detail": "{}"}
    assert partner.put_partner_events(Entries=[entry])["FailedEntryCount"] == 0
    assert len(inbox.events()) == 1


def test_the_keys_of_an_assumed_role_expire(sandbox: Sandbox) -> None:
    credentials = assumed(sandbox)
    session = json.loads(urlsafe_b64decode(credentials["SessionToken"].removeprefix("sandbox.")))
    past = urlsafe_b64encode(json.dumps({**session, "expires": 1.0}).encode()).decode()
    expired = sandbox.client("events", credentials["AccessKeyId"], token=f"sandbox.{past}")
    assert refusal(expired.list_event_sources) == "ExpiredTokenException"
    sts = sandbox.client("sts", credentials["AccessKeyId"], token=f"sandbox.{past}")
    assert refusal(sts.get_caller_identity) == "ExpiredToken"


def test_the_expiration_follows_the_duration(sandbox: Sandbox) -> None:
    hour, shorter = assumed(sandbox), assumed(sandbox, DurationSeconds=900)
    assert 2600 < (hour["Expiration"] - shorter["Expiration"]).total_seconds() < 2760


@pytest.mark.parametrize("token", [None, "sandbox.", "sandbox.e30=", "sandbox.@@@", "real-aws-token"])
def test_unknown_keys_are_refused_with_the_way_out(sandbox: Sandbox, token: str | None) -> None:
    stranger = sandbox.client("events", "AKIAIOSFODNN7EXAMPLE", token=token)
    with pytest.raises(ClientError) as refused:
        stranger.list_event_sources()
    assert code(refused.value) == "UnrecognizedClientException"
    assert "use a 12-digit account id as access key id" in message(refused.value)


def test_a_token_works_with_its_own_key_only(sandbox: Sandbox) -> None:
    first, second = assumed(sandbox), assumed(sandbox)
    mixed = sandbox.client("sts", first["AccessKeyId"], token=second["SessionToken"])
    assert refusal(mixed.get_caller_identity) == "InvalidClientTokenId"


def test_a_role_arn_must_be_one(sandbox: Sandbox) -> None:
    sts = sandbox.client("sts", ALDER)
    bad = f"arn:aws:iam::{ALDER}:user/someone"
    assert refusal(sts.assume_role, RoleArn=bad, RoleSessionName="worker-1") == "ValidationError"


def test_a_request_without_a_signature_is_refused(sandbox: Sandbox) -> None:
    status, answer = sandbox.http("POST", "/", b"{}", {"X-Amz-Target": "AWSEvents.ListRules"})
    assert (status, json.loads(answer)["__type"]) == (400, "MissingAuthenticationTokenException")


def test_accounts_do_not_share_buses_rules_or_queues(world: World, sandbox: Sandbox) -> None:
    inbox = world.connected()
    assert refusal(world.birch.describe_event_bus, Name=NAME) == "ResourceNotFoundException"
    foreign = sandbox.client("sqs", BIRCH)
    missing = "AWS.SimpleQueueService.NonExistentQueue"
    assert refusal(foreign.receive_message, QueueUrl=inbox.url) == missing
    assert refusal(foreign.get_queue_url, QueueName="inbox", QueueOwnerAWSAccountId=ALDER) == missing
    assert foreign.list_queues().get("QueueUrls", []) == []
