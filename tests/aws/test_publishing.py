import asyncio
import json
import time
from collections.abc import Coroutine
from http.server import BaseHTTPRequestHandler
from typing import Any

import boto3
import pytest

from integrations.aws import errors, publishing
from integrations.aws.errors import RetryClass
from integrations.aws.exchange import Exchanges
from integrations.aws.limits import EntriesTooLarge, WrongEntryCount
from integrations.aws.publishers import Publisher
from integrations.aws.publishing import Accepted, PutResult, Refused, Unknown
from tests.aws.calling import put_partner_events
from tests.aws.scripted_aws import Script, ScriptedAws, accepted, answer, refuse
from tests.aws.signature import verified

NAME = "aws.partner/example.com/alder-iqzbjr77/events"
HTML = b"<html><body><h1>Bad things</h1></body></html>"


def entry(detail: str = '{"n":1}', kind: str = "order.created") -> bytes:
    text = json.dumps(
        {"Source": NAME, "Time": 1_700_000_000, "Resources": ["urn:x:1"], "DetailType": kind, "Detail": detail}
    )
    return text.encode()


def call(exchanges: Exchanges, publisher: Publisher) -> Coroutine[Any, Any, PutResult]:
    return publishing.put_partner_events(exchanges, publisher, "eu-west-1", [entry()], timeout=5)


def put(publisher: Publisher, count: int = 1, timeout: float = 5) -> PutResult:
    return put_partner_events(publisher, "eu-west-1", [entry()] * count, timeout=timeout)


def test_accepted_entries_come_back_in_order_with_aws_ids(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(accepted("a", "b", "c"))
    result = put(publisher, 3)
    assert result.outcomes == [Accepted("a"), Accepted("b"), Accepted("c")]
    assert result.request_id == "req-1"
    assert 0 <= result.duration_ms < 5_000


def test_entries_travel_byte_for_byte(aws: ScriptedAws, publisher: Publisher) -> None:
    odd = [
        b'{ "Source":"s",\t"Detail":"{\\"big\\":123456789012345678901234567890,\\"e\\":1.0e5}"}',
        '{"Detail":"ü€"}'.encode(),
    ]
    aws.answers(accepted("a", "b"))
    put_partner_events(publisher, "eu-west-1", odd, timeout=5)
    assert aws.calls("PutPartnerEvents")[0].body == b'{"Entries":[' + odd[0] + b"," + odd[1] + b"]}"


def test_the_signature_is_the_one_that_aws_computes(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(accepted("a"))
    put(publisher)
    request = aws.calls("PutPartnerEvents")[0]
    assert verified(request, "plain-secret")
    assert not verified(request, "another-secret")
    request.body += b" "
    assert not verified(request, "plain-secret")


def test_a_role_signs_with_its_own_key_and_token(aws: ScriptedAws, role: Publisher) -> None:
    aws.answers(accepted("a"))
    put(role)
    request = aws.calls("PutPartnerEvents")[0]
    assert "Credential=ASIAROLE1/" in request.headers["Authorization"]
    assert request.headers["X-Amz-Security-Token"] == "role-token-1"
    assert "x-amz-security-token" in request.headers["Authorization"]
    assert verified(request, "role-secret-1")


def test_the_request_says_what_boto3_says(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(accepted("a"), accepted("b"))
    put(publisher)
    boto3.client("events", region_name="eu-west-1", endpoint_url=aws.url).put_partner_events(
        Entries=[{"Source": NAME, "DetailType": "t", "Detail": "{}"}]
    )
    ours, theirs = aws.calls("PutPartnerEvents")
    for name in ("X-Amz-Target", "Content-Type"):
        assert ours.headers[name] == theirs.headers[name]
    assert ours.path == theirs.path
    assert verified(theirs, "plain-secret")
    assert ours.headers["User-Agent"].startswith("partnerbus/")


def test_each_entry_has_its_own_outcome(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(
        answer(
            {
                "FailedEntryCount": 3,
                "Entries": [
                    {"EventId": "a"},
                    {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow"},
                    {"ErrorCode": "MalformedDetail", "ErrorMessage": "bad"},
                    {"ErrorCode": "NeverSeen"},
                ],
            }
        )
    )
    outcomes = put(publisher, 4).outcomes
    assert outcomes == [
        Accepted("a"),
        Refused("ThrottlingException", "slow", RetryClass.THROTTLED),
        Refused("MalformedDetail", "bad", RetryClass.FINAL),
        Refused("NeverSeen", "", RetryClass.SOURCE_SUSPECT),
    ]
    assert isinstance(outcomes[2], Refused)


@pytest.mark.parametrize(
    "reply",
    [
        answer(b""),
        answer(HTML),
        answer(b"\xff\xfe"),
        answer(b"[" * 100_000),
        answer([]),
        answer({}),
        answer({"FailedEntryCount": 0}),
        answer({"FailedEntryCount": 0, "Entries": None}),
        answer({"FailedEntryCount": 0, "Entries": {"0": {"EventId": "a"}}}),
        accepted(),
        accepted("a"),
        accepted("a", "b", "c"),
    ],
)
def test_an_answer_that_is_not_one_result_per_entry_proves_nothing(
    aws: ScriptedAws, publisher: Publisher, reply: Script
) -> None:
    aws.answers(reply)
    outcomes = put(publisher, 2).outcomes
    assert len(outcomes) == 2
    assert all(isinstance(outcome, Unknown) for outcome in outcomes)


@pytest.mark.parametrize("failed", [0, 2, -1, None, "1", 1.0, True])
def test_a_contradictory_failed_count_proves_no_acceptance_but_keeps_refusals(
    aws: ScriptedAws, publisher: Publisher, failed: object
) -> None:
    results = [{"EventId": "a"}, {"ErrorCode": "InternalFailure"}]
    aws.answers(answer({"FailedEntryCount": failed, "Entries": results}))
    first, second = put(publisher, 2).outcomes
    assert isinstance(first, Unknown)
    assert second == Refused("InternalFailure", "", RetryClass.RETRY)


@pytest.mark.parametrize("odd", [{}, None, "a", {"EventId": ""}, {"EventId": 7}, {"EventId": "a", "ErrorCode": "b"}])
@pytest.mark.parametrize("failed", [0, 1])
def test_a_result_with_neither_id_nor_code_or_both_leaves_that_entry_unknown(
    aws: ScriptedAws, publisher: Publisher, odd: object, failed: int
) -> None:
    aws.answers(answer({"FailedEntryCount": failed, "Entries": [{"EventId": "x"}, odd]}))
    first, second = put(publisher, 2).outcomes
    assert first == Accepted("x")
    assert isinstance(second, Unknown)


@pytest.mark.parametrize(
    ("reply", "error", "code", "retry_class"),
    [
        (refuse("ThrottlingException"), errors.Throttled, "ThrottlingException", RetryClass.THROTTLED),
        (refuse("InternalException", status=500), errors.InternalError, "InternalException", RetryClass.RETRY),
        (refuse("AccessDeniedException"), errors.AccessDenied, "AccessDeniedException", RetryClass.CREDENTIALS),
        (refuse("ValidationException"), errors.InvalidRequest, "ValidationException", RetryClass.FINAL),
        (
            refuse("OperationDisabledException"),
            errors.OperationDisabled,
            "OperationDisabledException",
            RetryClass.FINAL,
        ),
        (refuse("BrandNew"), errors.UnknownError, "BrandNew", RetryClass.RETRY),
        (answer(HTML, 500), errors.UnknownError, "HTTP 500", RetryClass.RETRY),
        (answer(HTML, 413), errors.RequestTooLarge, "HTTP 413", RetryClass.FINAL),
        (answer(HTML, 429), errors.Throttled, "HTTP 429", RetryClass.THROTTLED),
        (answer(b"", 503), errors.UnknownError, "HTTP 503", RetryClass.RETRY),
        (answer(b"[1]", 302), errors.UnknownError, "HTTP 302", RetryClass.RETRY),
        (
            answer({"Message": "m"}, 400, {"x-amzn-ErrorType": "ExpiredTokenException:http://x"}),
            errors.ExpiredToken,
            "ExpiredTokenException:http://x",
            RetryClass.CREDENTIALS,
        ),
    ],
)
def test_a_refused_request_raises_its_error_with_raw_code_status_and_request_id(
    aws: ScriptedAws,
    publisher: Publisher,
    reply: Script,
    error: type[errors.AwsError],
    code: str,
    retry_class: RetryClass,
) -> None:
    aws.answers(reply)
    with pytest.raises(errors.AwsError) as caught:
        put(publisher)
    assert type(caught.value) is error
    assert caught.value.code == code
    assert caught.value.retry_class is retry_class
    assert caught.value.operation == "PutPartnerEvents"
    assert caught.value.http_status >= 300
    assert caught.value.request_id == "req-1"
    assert len(aws.calls("PutPartnerEvents")) == 1, "a request is never repeated by the gateway"


def test_a_long_foreign_body_is_kept_only_in_part(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(answer(b"x" * 10_000, 502))
    with pytest.raises(errors.UnknownError) as caught:
        put(publisher)
    assert caught.value.message == "x" * 500


def test_connections_are_kept_alive(aws: ScriptedAws, publisher: Publisher) -> None:
    ports = set()

    def remember(handler: BaseHTTPRequestHandler) -> None:
        ports.add(handler.client_address)
        accepted("a")(handler)

    aws.answers(*[remember] * 5)
    with Exchanges() as exchanges:
        for _ in range(5):
            exchanges.run(call(exchanges, publisher))
    assert len(ports) == 1


def test_a_connection_that_aws_closed_while_it_was_idle_is_replaced_without_a_doubt(
    aws: ScriptedAws, publisher: Publisher
) -> None:
    def accept_and_close(handler: BaseHTTPRequestHandler) -> None:
        accepted("a")(handler)
        handler.close_connection = True

    aws.answers(accept_and_close, accepted("b"))
    with Exchanges() as exchanges:
        exchanges.run(call(exchanges, publisher))
        time.sleep(0.2)
        assert exchanges.run(call(exchanges, publisher)).outcomes == [Accepted("b")]
    assert len(aws.calls("PutPartnerEvents")) == 2


def test_many_calls_are_in_flight_at_once(aws: ScriptedAws, publisher: Publisher) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.3)
        accepted("a")(handler)

    async def side_by_side(exchanges: Exchanges) -> list[PutResult]:
        return await asyncio.gather(*[call(exchanges, publisher) for _ in range(40)])

    aws.answers(*[slow] * 40)
    started = time.perf_counter()
    with Exchanges() as exchanges:
        results = exchanges.run(side_by_side(exchanges))
    assert [result.outcomes for result in results] == [[Accepted("a")]] * 40
    assert time.perf_counter() - started < 3
    assert all(verified(request, "plain-secret") for request in aws.calls("PutPartnerEvents"))


def test_limits_are_checked_before_anything_is_sent(aws: ScriptedAws, publisher: Publisher) -> None:
    with pytest.raises(WrongEntryCount):
        put(publisher, 21)
    with pytest.raises(WrongEntryCount):
        put(publisher, 0)
    with pytest.raises(EntriesTooLarge):
        put_partner_events(publisher, "eu-west-1", [entry()], timeout=5, max_request_bytes=10)
    assert aws.requests == []


def test_without_credentials_the_publisher_is_at_fault_and_nothing_is_sent(
    aws: ScriptedAws, publisher: Publisher, role: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for who in (publisher, role):
        with pytest.raises(errors.NoCredentials) as caught:
            put(who)
        assert caught.value.retry_class is RetryClass.CREDENTIALS
    assert aws.requests == []
