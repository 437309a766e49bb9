import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import pytest

from integrations.aws import errors, partner_sources
from integrations.aws.errors import RetryClass
from integrations.aws.identity import caller_identity
from integrations.aws.publishers import Publisher
from integrations.aws.publishing import PutResult
from tests.aws.calling import put_partner_events
from tests.aws.scripted_aws import Script, ScriptedAws, answer, hang_up_after

ACCEPTED = answer({"FailedEntryCount": 0, "Entries": [{"EventId": "a"}]})
ENTRY = b'{"Source":"aws.partner/example.com/x/y","DetailType":"t","Detail":"{}"}'


def put(publisher: Publisher) -> PutResult:
    return put_partner_events(publisher, "eu-west-1", [ENTRY], timeout=5)


def test_the_role_is_assumed_with_its_external_id(aws: ScriptedAws, role: Publisher) -> None:
    aws.answers(ACCEPTED)
    put(role)
    asked = parse_qs(aws.calls("AssumeRole")[0].body.decode())
    assert asked["RoleArn"] == ["arn:aws:iam::111111111111:role/partnerbus"]
    assert asked["ExternalId"] == ["shared-word"]
    assert asked["RoleSessionName"] == ["partnerbus"]


def test_several_threads_at_once_assume_the_role_once(aws: ScriptedAws, role: Publisher) -> None:
    aws.sts_delay = 0.3
    aws.answers(*[ACCEPTED] * 8)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: put(role), range(8)))
    assert len(aws.calls("AssumeRole")) == 1
    tokens = {request.headers["X-Amz-Security-Token"] for request in aws.calls("PutPartnerEvents")}
    assert tokens == {"role-token-1"}


def test_credentials_are_renewed_before_they_expire(aws: ScriptedAws, role: Publisher) -> None:
    aws.role_seconds = 60
    aws.answers(ACCEPTED, ACCEPTED)
    put(role)
    aws.role_seconds = 3_600
    put(role)
    tokens = [request.headers["X-Amz-Security-Token"] for request in aws.calls("PutPartnerEvents")]
    assert tokens == ["role-token-1", "role-token-2"]


def test_a_renewal_that_fails_early_does_not_stop_what_still_works(aws: ScriptedAws, role: Publisher) -> None:
    aws.role_seconds = 12 * 60
    aws.answers(ACCEPTED, ACCEPTED)
    put(role)
    aws.sts_script.extend([sts_refuses("AccessDenied", 403)])
    put(role)
    assert len(aws.calls("PutPartnerEvents")) == 2


def test_credentials_that_come_expired_are_the_publishers_fault(aws: ScriptedAws, role: Publisher) -> None:
    aws.role_seconds = -60
    with pytest.raises(errors.CredentialsRefused, match="still expired"):
        put(role)


def sts_refuses(code: str, status: int) -> Script:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    return answer(body.encode(), status)


@pytest.mark.parametrize(
    ("code", "status", "error", "retry_class"),
    [
        ("AccessDenied", 403, errors.AccessDenied, RetryClass.CREDENTIALS),
        ("InvalidClientTokenId", 403, errors.UnrecognizedClient, RetryClass.CREDENTIALS),
        ("ValidationError", 400, errors.CredentialsRefused, RetryClass.CREDENTIALS),
        ("Throttling", 400, errors.Throttled, RetryClass.THROTTLED),
        ("ServiceUnavailable", 503, errors.ServiceUnavailable, RetryClass.RETRY),
    ],
)
def test_a_role_that_cannot_be_assumed_never_ends_an_event(
    aws: ScriptedAws, role: Publisher, code: str, status: int, error: type[errors.AwsError], retry_class: RetryClass
) -> None:
    aws.sts_script.extend([sts_refuses(code, status)] * 4)
    with pytest.raises(error) as caught:
        put(role)
    assert caught.value.retry_class is retry_class
    assert (caught.value.code, caught.value.operation) == (code, "AssumeRole")
    assert aws.calls("PutPartnerEvents") == []


def describe(publisher: Publisher) -> object:
    return partner_sources.describe(publisher, "eu-west-1", "aws.partner/example.com/x/y")


@pytest.mark.parametrize("call", [put, describe, caller_identity])
def test_an_external_id_that_sts_would_not_take_is_the_publishers_fault(
    aws: ScriptedAws, call: Callable[[Publisher], object]
) -> None:
    with pytest.raises(errors.CredentialsRefused) as caught:
        call(Publisher("111111111111", "arn:aws:iam::111111111111:role/partnerbus", "x"))
    assert caught.value.retry_class is RetryClass.CREDENTIALS
    assert aws.requests == []


@pytest.mark.parametrize("call", [put, describe, caller_identity])
def test_an_answer_of_sts_that_is_lost_leaves_no_doubt_about_the_call_itself(
    aws: ScriptedAws, role: Publisher, call: Callable[[Publisher], object]
) -> None:
    aws.sts_script.extend([hang_up_after(0)] * 2)
    with pytest.raises(errors.NetworkError):
        call(role)
    assert {request.operation for request in aws.requests} == {"AssumeRole"}


def test_a_role_of_another_account_is_refused_before_any_call(aws: ScriptedAws) -> None:
    for arn in ("arn:aws:iam::999999999999:role/partnerbus", "not-an-arn"):
        with pytest.raises(errors.WrongAccount):
            put(Publisher("111111111111", arn))
    assert aws.requests == []


def test_the_caller_identity_is_the_account_that_sts_names(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.account = "123456789012"
    assert caller_identity(publisher) == "123456789012"


@pytest.mark.parametrize("act", [put, caller_identity])
def test_no_secret_reaches_a_log_or_a_repr(
    aws: ScriptedAws, role: Publisher, caplog: pytest.LogCaptureFixture, act: Callable[[Publisher], object]
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger(__name__).debug("the log is open at DEBUG")
    aws.answers(ACCEPTED)
    act(role)
    seen = caplog.text + repr(role)
    assert "the log is open at DEBUG" in seen
    for secret in ("plain-secret", "role-secret-1", "role-token-1", "shared-word"):
        assert secret not in seen
