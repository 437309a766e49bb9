"""What AWS refuses with: one exception tree, a class per meaning, and for every code what to do about it."""

import re

from integrations.aws.refusal import AwsError as AwsError
from integrations.aws.refusal import RetryClass as RetryClass


class InternalError(AwsError):
    codes = ("InternalException", "InternalFailure", "InternalError", "InternalServerError", "Internal Service Error")
    explanation = "AWS had an error of its own. It is tried again by itself; nothing needs to be done."


class ServiceUnavailable(AwsError):
    codes = ("ServiceUnavailable", "RequestTimeout")
    explanation = "AWS could not serve the call. It is tried again by itself; see AWS's health page if it lasts."


class ConcurrentModification(AwsError):
    codes = ("ConcurrentModificationException",)
    explanation = "Something else changed the same source at the same moment. It is tried again by itself."


class Throttled(AwsError):
    codes = (
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
        "Rate exceeded",
    )
    default_class = RetryClass.THROTTLED
    explanation = (
        "AWS asked for fewer calls. Sending slows down by itself; if it happens every day, "
        "ask AWS Support for a higher quota in this region."
    )


class CredentialsError(AwsError):
    """The publisher account cannot speak for itself: an operator must act, and no tenant's event is at fault."""

    default_class = RetryClass.CREDENTIALS


class CredentialsRefused(CredentialsError):
    codes = ("CredentialsRefused",)
    explanation = "AWS did not let the publisher account sign in. Check its role, external id and trust policy."


class NoCredentials(CredentialsError):
    codes = ("NoCredentials",)
    explanation = (
        "No AWS credentials were found, or they could not be renewed. Give the process a profile, "
        "environment variables or an instance role, or sign in again with `aws sso login`."
    )


class WrongAccount(CredentialsError):
    codes = ("WrongAccount",)
    explanation = (
        "The credentials belong to another AWS account than the registered publisher account. "
        "Correct the role or the credentials of this environment before anything is sent."
    )


class ExpiredToken(CredentialsError):
    codes = ("ExpiredTokenException",)
    explanation = "The temporary credentials ran out and were not renewed. Sign in again or check their supply."


class UnrecognizedClient(CredentialsError):
    codes = ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId")
    explanation = "AWS does not know this access key: deleted, inactive, or of another partition. Supply a valid one."


class AccessDenied(CredentialsError):
    codes = ("AccessDeniedException", "NotAuthorized", "UnauthorizedOperation")
    entry_class = RetryClass.FINAL
    explanation = (
        "AWS denied the call. Check that the role allows this operation and that AWS registered this account "
        "as a publisher for the namespace and the region."
    )


class OptInRequired(CredentialsError):
    codes = ("OptInRequired",)
    explanation = "The publisher account has not enabled this region. Enable it in the account's settings."


class RequestExpired(CredentialsError):
    codes = ("RequestExpired", "RequestTimeTooSkewed")
    explanation = "AWS found the request too old. Set this machine's clock right, for example with chrony."


class SignatureRefused(CredentialsError):
    codes = ("IncompleteSignature", "InvalidSignatureException", "SignatureDoesNotMatch", "MissingAuthenticationToken")
    explanation = (
        "AWS could not verify the signature. Check the secret key, the clock and any proxy that rewrites requests."
    )


class SourceNotFound(AwsError):
    codes = ("ResourceNotFoundException", "Event Bus Not Found", "EventSourceNotFound")
    default_class = RetryClass.SOURCE_SUSPECT
    explanation = (
        "AWS does not know this source: deleted, expired, or of another region. Look at its state; create it again."
    )


class NotAuthorizedForSource(AwsError):
    codes = ("NotAuthorizedForSourceException",)
    # Documented as not retryable, but it speaks of the source, not of the event: a look at the source comes first.
    default_class = RetryClass.SOURCE_SUSPECT
    explanation = (
        "AWS does not let this account send to this source. Check that the source still exists "
        "and that the namespace is registered for this publisher account."
    )


class ResourceAlreadyExists(AwsError):
    codes = ("ResourceAlreadyExistsException",)
    default_class = RetryClass.FINAL
    explanation = "A source of this name exists already. Check which account it is offered to before taking it over."


class LimitExceeded(AwsError):
    codes = ("LimitExceededException",)
    default_class = RetryClass.FINAL
    explanation = (
        "The publisher account has as many sources as AWS allows. Delete unused ones or ask AWS Support for more."
    )


class OperationDisabled(AwsError):
    codes = ("OperationDisabledException",)
    default_class = RetryClass.FINAL
    explanation = "AWS does not offer this operation here. Take the region off this environment's list, or ask AWS."


class InvalidState(AwsError):
    codes = ("InvalidStateException",)
    default_class = RetryClass.FINAL
    explanation = "The source is not in a state that allows this. Look at its state and act on that."


class InvalidRequest(AwsError):
    codes = ("ValidationException", "ValidationError", "SerializationException", "ParamValidation")
    default_class = RetryClass.FINAL
    explanation = "AWS found the request malformed. Look at the raw text; if the data is right, report a defect."


class RequestTooLarge(AwsError):
    codes = ("RequestEntityTooLarge", "EntityTooLarge", "HTTP 413")
    default_class = RetryClass.FINAL
    explanation = "The request was larger than AWS takes. Send smaller events, or lower the byte limit of this region."


class InvalidAction(AwsError):
    codes = ("InvalidAction", "UnknownOperationException")
    default_class = RetryClass.FINAL
    explanation = "The endpoint does not know this operation. Check the endpoint URL of this environment."


class InvalidArgument(AwsError):
    codes = ("InvalidArgument",)
    default_class = RetryClass.FINAL
    explanation = "AWS refused a value of this event. Look at the raw text, correct the event and send it as a new one."


class MalformedDetail(AwsError):
    codes = ("MalformedDetail",)
    default_class = RetryClass.FINAL
    explanation = "AWS could not read the event's detail as JSON. Correct it at its origin and send it as a new event."


class RedactionFailure(AwsError):
    codes = ("RedactionFailure",)
    default_class = RetryClass.FINAL
    explanation = "AWS could not redact this event as its rules ask. Send the raw code and text to AWS Support."


class InvalidAccountId(AwsError):
    codes = ("InvalidAccountIdException",)
    default_class = RetryClass.FINAL
    explanation = (
        "AWS does not accept the receiving account. Ask the tenant for its account id and make the source anew."
    )


class NotAuthorizedForDetailType(AwsError):
    codes = ("NotAuthorizedForDetailTypeException",)
    default_class = RetryClass.FINAL
    explanation = "AWS does not let this account send this detail-type. Ask AWS to register it, or send another type."


class UnknownError(AwsError):
    """A code that is in no table: kept as it came."""


class NetworkError(AwsError):
    """No connection to AWS came about: this try sent nothing."""

    explanation = "AWS could not be reached. It is tried again by itself; check network, proxy and DNS if it lasts."


class ConnectionFailed(NetworkError):
    codes = ("ConnectionFailed",)


class ConnectTimedOut(NetworkError):
    codes = ("ConnectTimedOut",)
    explanation = (
        "AWS did not answer the connection in time. It is tried again by itself; check firewall and routes if it lasts."
    )


class NameNotResolved(NetworkError):
    codes = ("NameNotResolved",)
    explanation = "The name of the AWS endpoint was not found. Check DNS, the region and the endpoint URL."


class TlsFailed(NetworkError):
    codes = ("TlsFailed",)
    explanation = "No encrypted connection could be made. Check the clock, AWS_CA_BUNDLE and intercepting proxies."


class ProxyFailed(NetworkError):
    codes = ("ProxyFailed",)
    explanation = "The proxy did not let the call through. Check HTTPS_PROXY and NO_PROXY."


class OutcomeUnknown(AwsError):
    """The call was sent and no answer can be read: AWS may or may not have acted."""

    codes = ("OutcomeUnknown",)
    explanation = (
        "The connection ended before AWS answered, so it is unknown whether AWS acted. It is tried again by itself."
    )


class InconsistentReply(AwsError):
    """AWS answered with success, but not with what a success carries."""

    codes = ("InconsistentReply",)
    explanation = "AWS's answer made no sense. It is tried again by itself; check the endpoint URL and any proxy."


def error_class(code: str, http_status: int = 0) -> type[AwsError]:
    """Return the class for a raw code, or for a bare HTTP status where the code is in no table."""
    known = _BY_CODE.get(_normalised(code))
    if known:
        return known
    if http_status == 429 or re.search("throttl|toomanyrequests|rateexceed", _normalised(code)):
        return Throttled
    return RequestTooLarge if http_status == 413 else UnknownError


def classify(code: str, http_status: int = 0, *, entry: bool = False) -> RetryClass:
    """Return what a refusal asks for; with `entry` it is one entry's refusal inside an answer of HTTP 200.

    An unknown code is a retry for a request. For an entry it makes the source suspect, because AWS does not
    document the code of a vanished source, unless its words say that AWS itself failed. Codes: PutEventsResultEntry
    in the EventBridge API reference, and the common errors of AWS APIs.
    """
    known = error_class(code, http_status)
    if entry and known is UnknownError and not re.search("internal|unavailable|timeout", _normalised(code)):
        return RetryClass.SOURCE_SUSPECT
    return (known.entry_class if entry else None) or known.default_class


def explain(code: str, http_status: int = 0) -> str:
    """Return the sentence for a stored raw code."""
    return error_class(code, http_status).explanation


def error_for(code: str, message: str, operation: str, http_status: int = 0, request_id: str = "") -> AwsError:
    """Return the matching exception for a whole call's refusal, with its raw code and text."""
    return error_class(code, http_status)(code, message, None, operation, http_status, request_id)


def _normalised(code: str) -> str:
    """`com.amazonaws.events#ThrottlingException:http://...` and `Throttling` are the same word."""
    bare = re.sub(r"[^a-z0-9]", "", code.rpartition("#")[2].partition(":")[0].lower())
    return bare.removesuffix("exception")


def _tree(root: type[AwsError]) -> list[type[AwsError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in _tree(child))]


_BY_CODE = {_normalised(code): error for error in _tree(AwsError) for code in error.codes}
