"""The one exception that becomes an AWS error answer."""

SERVER_FAULTS = {"InternalException": 500, "InternalFailure": 500, "ServiceUnavailable": 503}
FORBIDDEN_IN_QUERY = {"AccessDenied", "ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"}


class AwsError(Exception):
    """A refusal with AWS's error code and message; `status` is the HTTP status AWS sends with that code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        if self.code in FORBIDDEN_IN_QUERY:
            return 403
        return SERVER_FAULTS.get(self.code, 400)


def validation_error(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)


def limit_exceeded() -> AwsError:
    return AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
