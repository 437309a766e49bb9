"""What every failed call to AWS has in common: a class that says what to do, the raw code and text, and a sentence."""

from enum import StrEnum
from typing import ClassVar

from integrations.aws.words import CODE_CHARACTERS, storable


class RetryClass(StrEnum):
    """What a refusal asks of the caller."""

    RETRY = "retry"  # the same again, later
    FINAL = "final"  # the same will never be taken
    SOURCE_SUSPECT = "source_suspect"  # look at the source's state before anything else is sent to it
    CREDENTIALS = "credentials"  # stop for the whole publisher account; no event is at fault
    THROTTLED = "throttled"  # the same again, slower


class AwsError(Exception):
    """A refusal by AWS, or the way to it: its raw code and text, its class, and words for a support person."""

    codes: ClassVar[tuple[str, ...]] = ()
    default_class: ClassVar[RetryClass] = RetryClass.RETRY
    entry_class: ClassVar[RetryClass | None] = (
        None  # where one entry's refusal asks for something else than a request's
    )
    explanation: ClassVar[str] = (
        "AWS answered with a code that this version does not know. It is tried again by itself; if it stays, "
        "send the code, the text and the request id to AWS Support."
    )

    def __init__(
        self,
        code: str,
        message: str = "",
        retry_class: RetryClass | None = None,
        operation: str = "",
        http_status: int = 0,
        request_id: str = "",
    ) -> None:
        code, message = storable(code, CODE_CHARACTERS), storable(message)
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.retry_class = retry_class or self.default_class
        self.operation = operation
        self.http_status = http_status
        self.request_id = storable(request_id, CODE_CHARACTERS)

    @property
    def sentence(self) -> str:
        """What happened and what to do next, for a person who does not know AWS's codes."""
        return self.explanation

    def __str__(self) -> str:
        status = f" (HTTP {self.http_status}, request {self.request_id or 'unknown'})" if self.http_status else ""
        return f"{self.operation or 'AWS'} failed with {self.code}: {self.message}{status}"
