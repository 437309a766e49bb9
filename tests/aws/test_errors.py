import pytest

from integrations.aws import errors
from integrations.aws.errors import AwsError, RetryClass, classify, error_for, explain

REQUEST = [
    ("ThrottlingException", 400, RetryClass.THROTTLED),
    ("Throttling", 400, RetryClass.THROTTLED),
    ("Rate exceeded", 400, RetryClass.THROTTLED),
    ("TooManyRequestsException", 429, RetryClass.THROTTLED),
    ("RequestLimitExceeded", 400, RetryClass.THROTTLED),
    ("InternalException", 500, RetryClass.RETRY),
    ("InternalFailure", 500, RetryClass.RETRY),
    ("ServiceUnavailable", 503, RetryClass.RETRY),
    ("ConcurrentModificationException", 400, RetryClass.RETRY),
    ("ExpiredToken", 400, RetryClass.CREDENTIALS),
    ("ExpiredTokenException", 400, RetryClass.CREDENTIALS),
    ("UnrecognizedClientException", 400, RetryClass.CREDENTIALS),
    ("UnrecognizedClient", 400, RetryClass.CREDENTIALS),
    ("InvalidClientTokenId", 403, RetryClass.CREDENTIALS),
    ("AccessDeniedException", 400, RetryClass.CREDENTIALS),
    ("AccessDenied", 403, RetryClass.CREDENTIALS),
    ("NotAuthorized", 400, RetryClass.CREDENTIALS),
    ("RequestExpired", 400, RetryClass.CREDENTIALS),
    ("IncompleteSignature", 400, RetryClass.CREDENTIALS),
    ("InvalidSignatureException", 400, RetryClass.CREDENTIALS),
    ("SignatureDoesNotMatch", 403, RetryClass.CREDENTIALS),
    ("OptInRequired", 403, RetryClass.CREDENTIALS),
    ("ResourceNotFoundException", 400, RetryClass.SOURCE_SUSPECT),
    ("ResourceAlreadyExistsException", 400, RetryClass.FINAL),
    ("LimitExceededException", 400, RetryClass.FINAL),
    ("OperationDisabledException", 400, RetryClass.FINAL),
    ("InvalidStateException", 400, RetryClass.FINAL),
    ("InvalidAction", 400, RetryClass.FINAL),
    ("ValidationException", 400, RetryClass.FINAL),
    ("ValidationError", 400, RetryClass.FINAL),
    ("HTTP 413", 413, RetryClass.FINAL),
    ("HTTP 429", 429, RetryClass.THROTTLED),
    ("HTTP 502", 502, RetryClass.RETRY),
    ("SomethingNewException", 400, RetryClass.RETRY),
    ("", 0, RetryClass.RETRY),
]

ENTRY = [
    ("ThrottlingException", RetryClass.THROTTLED),
    ("EventThrottledException", RetryClass.THROTTLED),
    ("InternalFailure", RetryClass.RETRY),
    ("InternalException", RetryClass.RETRY),
    ("Internal Service Error", RetryClass.RETRY),
    ("SomeInternalTrouble", RetryClass.RETRY),
    ("AccessDeniedException", RetryClass.FINAL),
    ("InvalidAccountIdException", RetryClass.FINAL),
    ("InvalidArgument", RetryClass.FINAL),
    ("MalformedDetail", RetryClass.FINAL),
    ("RedactionFailure", RetryClass.FINAL),
    ("NotAuthorizedForDetailTypeException", RetryClass.FINAL),
    ("NotAuthorizedForSourceException", RetryClass.SOURCE_SUSPECT),
    ("ResourceNotFoundException", RetryClass.SOURCE_SUSPECT),
    ("Event Bus Not Found", RetryClass.SOURCE_SUSPECT),
    ("SomethingNewException", RetryClass.SOURCE_SUSPECT),
]


@pytest.mark.parametrize(("code", "status", "expected"), REQUEST)
def test_each_code_of_a_whole_request_has_its_class(code: str, status: int, expected: RetryClass) -> None:
    assert classify(code, status) is expected
    assert error_for(code, "text", "PutPartnerEvents", status).retry_class is expected


@pytest.mark.parametrize(("code", "expected"), ENTRY)
def test_each_code_of_one_entry_has_its_class(code: str, expected: RetryClass) -> None:
    assert classify(code, entry=True) is expected


@pytest.mark.parametrize("code", ["ThrottlingException", "Rate exceeded", "SomethingNewException", "", "HTTP 599"])
def test_throttling_and_unknown_codes_never_end_an_event(code: str) -> None:
    assert RetryClass.FINAL not in {classify(code), classify(code, entry=True)}


@pytest.mark.parametrize(
    "spelling",
    [
        "ThrottlingException",
        "com.amazonaws.events#ThrottlingException",
        "ThrottlingException:http://internal.amazon.com/coral/com.amazon.coral.availability/",
        "throttling",
    ],
)
def test_a_code_is_recognised_in_every_spelling_that_aws_protocols_use(spelling: str) -> None:
    assert isinstance(error_for(spelling, "", "PutPartnerEvents"), errors.Throttled)


def test_an_unknown_code_keeps_its_raw_code_and_text() -> None:
    error = error_for("SomethingNewException", "raw words", "PutPartnerEvents", 400, "req-9")
    assert type(error) is errors.UnknownError
    assert (error.code, error.message, error.operation) == ("SomethingNewException", "raw words", "PutPartnerEvents")
    assert str(error) == "PutPartnerEvents failed with SomethingNewException: raw words (HTTP 400, request req-9)"


def leaves(root: type[AwsError]) -> list[type[AwsError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in leaves(child))]


@pytest.mark.parametrize("error", leaves(AwsError))
def test_every_error_explains_itself_and_its_own_codes_lead_back_to_it(error: type[AwsError]) -> None:
    assert error.explanation.endswith(".")
    assert 40 < len(error.explanation) < 260
    for code in error.codes:
        assert type(error_for(code, "", "")) is error
        assert explain(code) == error("", "").sentence == error.explanation


def test_no_two_errors_claim_the_same_code() -> None:
    codes = [code for error in leaves(AwsError) for code in error.codes]
    assert len(codes) == len(set(codes))
