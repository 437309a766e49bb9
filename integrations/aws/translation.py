"""How botocore's exceptions and AWS's raw error replies become our errors."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from botocore import exceptions as botocore
from botocore.parsers import ResponseParserError
from urllib3.exceptions import NameResolutionError

from integrations.aws import errors
from integrations.aws.errors import AwsError, RetryClass, error_for

MESSAGE_CHARACTERS = 500

# The first match counts. What need not have happened before the request left belongs to OutcomeUnknown.
_MEANINGS: tuple[tuple[type[Exception], type[AwsError]], ...] = (
    (botocore.SSLError, errors.TlsFailed),
    (botocore.ConnectTimeoutError, errors.ConnectTimedOut),
    (botocore.ProxyConnectionError, errors.ProxyFailed),
    (botocore.EndpointConnectionError, errors.ConnectionFailed),
    (botocore.HTTPClientError, errors.OutcomeUnknown),
    (botocore.IncompleteReadError, errors.OutcomeUnknown),
    (botocore.NoCredentialsError, errors.NoCredentials),
    (botocore.PartialCredentialsError, errors.NoCredentials),
    (botocore.CredentialRetrievalError, errors.NoCredentials),
    (botocore.NoAuthTokenError, errors.NoCredentials),
    (botocore.TokenRetrievalError, errors.NoCredentials),
    (botocore.UnknownTokenProviderError, errors.NoCredentials),
    (botocore.SSOError, errors.NoCredentials),
    (botocore.LoginError, errors.NoCredentials),
    (botocore.ProfileNotFound, errors.NoCredentials),
    (botocore.ConfigNotFound, errors.NoCredentials),
    (botocore.ConfigParseError, errors.NoCredentials),
    (botocore.InvalidConfigError, errors.NoCredentials),
    (botocore.MetadataRetrievalError, errors.NoCredentials),
    (botocore.UnknownCredentialError, errors.NoCredentials),
    (botocore.RefreshWithMFAUnsupportedError, errors.NoCredentials),
    (botocore.MissingDependencyException, errors.NoCredentials),
    (botocore.ParamValidationError, errors.InvalidRequest),
    (botocore.ValidationError, errors.InvalidRequest),
    (ResponseParserError, errors.InconsistentReply),
    # botocore raises this bare when credentials that it has just renewed are expired already.
    (RuntimeError, errors.CredentialsRefused),
)


@contextmanager
def translating(operation: str) -> Iterator[None]:
    """Turn whatever botocore raises inside into an AwsError that names `operation`."""
    try:
        yield
    except botocore.ClientError as error:
        raise _refusal(error) from error
    except (botocore.BotoCoreError, ResponseParserError, RuntimeError) as error:
        raise _failure(error, operation) from error


@contextmanager
def signing_in() -> Iterator[None]:
    """As `translating`, for what comes before a request: it can be about neither an event nor a source.

    So what would be final becomes CredentialsRefused, and a lost answer of STS is a NetworkError: nothing was sent.
    """
    try:
        with translating("SignIn"):
            yield
    except errors.OutcomeUnknown as error:
        raise errors.ConnectionFailed("ConnectionFailed", error.message, operation=error.operation) from error
    except AwsError as error:
        if error.retry_class in (RetryClass.FINAL, RetryClass.SOURCE_SUSPECT):
            raise errors.CredentialsRefused(
                error.code, error.message, None, error.operation, error.http_status, error.request_id
            ) from error
        raise


def refusal_of_reply(operation: str, status: int, headers: Mapping[str, str], body: bytes) -> AwsError:
    """Return the error that a raw HTTP reply other than 200 stands for; a body not in AWS's JSON is kept as text.

    Names of headers are in lower case.
    """
    fields = _json_object(body)
    code = headers.get("x-amzn-errortype") or fields.get("__type") or fields.get("code") or f"HTTP {status}"
    message = fields.get("message") or fields.get("Message") or body.decode(errors="replace").strip()
    request_id = headers.get("x-amzn-requestid", "")
    return error_for(str(code), str(message)[:MESSAGE_CHARACTERS], operation, status, request_id)


def _refusal(error: botocore.ClientError) -> AwsError:
    said = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", 0)
    code, message = str(said.get("Code", "")), str(said.get("Message", ""))[:MESSAGE_CHARACTERS]
    if not code or code.isdigit():
        code = f"HTTP {status}"
    return error_for(code, message, error.operation_name, status, metadata.get("RequestId", ""))


def _failure(error: Exception, operation: str) -> AwsError:
    meaning = next((ours for theirs, ours in _MEANINGS if isinstance(error, theirs)), errors.UnknownError)
    if isinstance(getattr(error, "kwargs", {}).get("error"), NameResolutionError):
        meaning = errors.NameNotResolved
    code = type(error).__name__ if meaning in (errors.UnknownError, errors.InvalidRequest) else meaning.codes[0]
    return meaning(code, str(error)[:MESSAGE_CHARACTERS], operation=operation)


def _json_object(body: bytes) -> dict[str, object]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
