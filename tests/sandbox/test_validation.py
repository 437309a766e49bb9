"""AWS's constraints and wording, taken from botocore's own service model."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.started import ALDER, NAME, PARTNER, Sandbox, World, code, message

AUTHORIZATION = (
    f"AWS4-HMAC-SHA256 Credential={PARTNER}/20261123/eu-west-1/events/aws4_request, SignedHeaders=a, Signature=b"
)


def complaint(act: Any, *arguments: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        act(*arguments, **parameters)
    assert code(refused.value) == "ValidationException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return message(refused.value)


def raw(sandbox: Sandbox, operation: str, body: bytes) -> tuple[int, str]:
    headers = {"X-Amz-Target": f"AWSEvents.{operation}", "Authorization": AUTHORIZATION}
    return sandbox.http("POST", "/", body, headers)


@pytest.mark.parametrize("name", ["AWS.partner/x/y", "aws.partner/x", "aws.partner/x/a b", "aws.partner/x/ü", "other"])
def test_a_source_name_that_breaks_the_pattern_is_quoted_with_it(world: World, name: str) -> None:
    assert complaint(world.offer, name=name) == (
        f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: aws\.partner(/[\.\-_A-Za-z0-9]+){2,}"
    )


def test_several_violations_are_counted_and_listed(world: World) -> None:
    text = complaint(world.offer, name="aws.partner/x", account="12345678901x")
    assert text.startswith("2 validation errors detected: Value 'aws.partner/x' at 'name'")
    assert text.endswith(
        r"; Value '12345678901x' at 'account' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: \d{12}"
    )


def test_lengths_are_limited_at_both_ends(world: World) -> None:
    too_long = complaint(world.offer, name="aws.partner/x/" + "a" * 243)
    assert too_long.endswith("Member must have length less than or equal to 256")
    text = complaint(world.alder.put_rule, Name="r" * 65, EventPattern="{}")
    assert "at 'name' failed to satisfy constraint: Member must have length less than or equal to 64" in text


def test_twenty_one_entries_are_refused(world: World) -> None:
    text = complaint(world.put, *["{}"] * 21)
    assert text.endswith("at 'entries' failed to satisfy constraint: Member must have length less than or equal to 20")


def test_members_of_lists_are_named_by_their_place(world: World) -> None:
    entries = [{"Source": source, "DetailType": "t", "Detail": "{}"} for source in (NAME, "bad")]
    text = complaint(world.partner.put_partner_events, Entries=entries)
    assert "Value 'bad' at 'entries.2.member.source' failed to satisfy constraint" in text


@pytest.mark.parametrize(("limit", "bound"), [(101, "less than or equal to 100"), (0, "greater than or equal to 1")])
def test_numbers_keep_to_their_range(sandbox: Sandbox, limit: int, bound: str) -> None:
    status, body = raw(sandbox, "ListEventSources", b'{"Limit": %d}' % limit)
    assert status == 400
    expected = f"Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value {bound}"
    assert expected in body


def test_enumerated_values_are_listed(world: World) -> None:
    text = complaint(world.alder.put_rule, Name="r", EventPattern="{}", State="ON")
    assert "Member must satisfy enum value set: [ENABLED, DISABLED, " in text


def test_missing_members_must_not_be_null(sandbox: Sandbox) -> None:
    status, body = raw(sandbox, "CreatePartnerEventSource", b'{"Account": null}')
    assert status == 400
    assert "2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be" in body
    assert "Value null at 'account'" in body


def test_digits_of_other_scripts_are_no_account(sandbox: Sandbox) -> None:
    body = '{"Name": "aws.partner/x/y", "Account": "٢٢٢٢٢٢٢٢٢٢٢٢"}'.encode()
    status, answer = raw(sandbox, "CreatePartnerEventSource", body)
    assert (status, "regular expression pattern" in answer) == (400, True)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"\xff",
        b'{"Entries": {}}',
        b'{"Entries": ["text"]}',
        b'{"Entries": [{"Source": 5}]}',
        b'{"Entries": [{"Time": true}]}',
        b'{"Entries": [{"Time": "yesterday"}]}',
        b'{"Entries": [{"Time": 1e40}]}',
        b'{"Entries": [{"Time": NaN}]}',
        b'{"Entries": [{"DetailType": "\\ud800"}]}',
        b'{"Entries": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    ],
)
def test_what_cannot_be_read_is_a_serialization_exception(sandbox: Sandbox, body: bytes) -> None:
    status, answer = raw(sandbox, "PutPartnerEvents", body)
    assert (status, '"__type": "SerializationException"' in answer) == (400, True), answer


def test_every_prefix_that_awss_pattern_allows_is_served(world: World) -> None:
    world.offer()
    assert world.partner.list_partner_event_sources(NamePrefix="aws.partner/example.com.test/")["PartnerEventSources"]
    assert "must not be null" in complaint_without_prefix(world)
    assert "regular expression" in complaint(world.partner.list_partner_event_sources, NamePrefix="aws.partner/x")


def complaint_without_prefix(world: World) -> str:
    status, body = raw(world.sandbox, "ListPartnerEventSources", b"{}")
    assert status == 400
    return body


@pytest.mark.parametrize("account", ["1", ALDER + "0"])
def test_an_account_has_twelve_digits(sandbox: Sandbox, account: str) -> None:
    body = f'{{"Name": "{NAME}", "Account": "{account}"}}'.encode()
    assert (
        "at 'account' failed to satisfy constraint: Member must have length"
        in raw(sandbox, "CreatePartnerEventSource", body)[1]
    )
