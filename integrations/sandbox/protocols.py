"""AWS's wire protocols: JSON (EventBridge, today's SQS), RPC with CBOR (eventbridgev2), Query/XML (STS, old SQS).

The Query protocol is spoken by moto's codec, which knows the shapes' old names; `selftest` guards these private seams.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qsl
from uuid import uuid4
from xml.sax.saxutils import escape

from moto.core.parse import QueryParser
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model

from integrations.sandbox.cbor import NotCbor, decode, encode
from integrations.sandbox.errors import AwsError

ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
TARGETS = {"AWSEvents": "events", "AWSEventsV2": "eventbridgev2", "AmazonSQS": "sqs"}
JSON_VERSIONS = {"events": "1.1", "sqs": "1.0"}
# SQS moved to JSON in 2023 and keeps its old error codes in a header and in the Query protocol.
SQS_QUERY_CODES = {
    "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "InvalidBatchEntryId": "AWS.SimpleQueueService.InvalidBatchEntryId",
    "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
}
QUERY_CODES = {
    **SQS_QUERY_CODES,
    "AccessDeniedException": "AccessDenied",
    "ExpiredTokenException": "ExpiredToken",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "UnknownOperationException": "InvalidAction",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "ValidationException": "ValidationError",
}


CBOR_CODES = {"ValidationException": "InvalidInputException"}  # the one name in the model of eventbridgev2


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


class WireProtocol(Protocol):
    """How one request is read, and how its answer is written."""

    service: str
    operation: str

    def given(self) -> object:
        """The parameters as sent, not yet checked. Raises AwsError: SerializationException."""

    def success(self, result: Mapping[str, Any]) -> Response: ...

    def failure(self, error: AwsError) -> Response: ...


class JsonProtocol:
    def __init__(self, target: str, body: bytes) -> None:
        prefix, _, self.operation = target.partition(".")
        self.service = TARGETS.get(prefix, prefix)
        self._body = body

    def given(self) -> object:
        try:
            given: object = json.loads(self._body or b"{}")
            if ESCAPED_SURROGATE.search(self._body):
                json.dumps(given, ensure_ascii=False).encode()  # a lone one is legal for json, not for AWS
        except (ValueError, RecursionError) as error:
            raise AwsError("SerializationException", f"The request body is not JSON: {error}") from None
        return given

    def success(self, result: Mapping[str, Any]) -> Response:
        body = json.dumps(result, default=_epoch, separators=(",", ":")).encode()
        return Response(200, body, self._content_type)

    def failure(self, error: AwsError) -> Response:
        is_sqs = self.service == "sqs"
        code = f"com.amazonaws.sqs#{error.code}" if is_sqs else error.code
        body = json.dumps({"__type": code, "message": error.message}).encode()
        headers = {"x-amzn-query-error": f"{SQS_QUERY_CODES.get(error.code, error.code)};Sender"} if is_sqs else {}
        return Response(error.status, body, self._content_type, headers)

    @property
    def _content_type(self) -> str:
        return f"application/x-amz-json-{JSON_VERSIONS.get(self.service, '1.1')}"


class CborProtocol:
    """Smithy RPC v2: the operation stands in the path, parameters and answer are CBOR."""

    PATH = re.compile(r"/service/(\w+)/operation/(\w+)")
    HEADERS: ClassVar = {"smithy-protocol": "rpc-v2-cbor"}

    def __init__(self, path: str, body: bytes) -> None:
        found = self.PATH.fullmatch(path)
        prefix, self.operation = found.groups() if found else ("", "")
        self.service = TARGETS.get(prefix, prefix)
        self._body = body

    def given(self) -> object:
        try:
            return decode(self._body) if self._body else {}
        except NotCbor as error:
            raise AwsError("SerializationException", f"The request body is not CBOR: {error}") from None

    def success(self, result: Mapping[str, Any]) -> Response:
        return Response(200, encode(dict(result)), "application/cbor", self.HEADERS)

    def failure(self, error: AwsError) -> Response:
        code = CBOR_CODES.get(error.code, error.code)
        body = encode({"__type": f"com.amazonaws.{self.service}#{code}", "message": error.message})
        return Response(error.status, body, "application/cbor", self.HEADERS)


class QueryProtocol:
    def __init__(self, service: str, body: bytes) -> None:
        self.service = service
        self._values = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        self.operation = self._values.get("Action", "")

    def given(self) -> object:
        try:
            return QueryParser(self._model()).parse({"values": self._values})  # type: ignore[typeddict-item]
        except (ValueError, TypeError) as error:
            raise AwsError("MalformedQueryString", f"The request cannot be read: {error}") from None

    def success(self, result: Mapping[str, Any]) -> Response:
        serializer = get_serializer_class(self.service, "query")
        written = serializer(self._model(), SerializationContext(str(uuid4()))).serialize(result)
        return Response(200, str(written["body"]).encode(), "text/xml")

    def failure(self, error: AwsError) -> Response:
        as_query = AwsError(QUERY_CODES.get(error.code, error.code), error.message)
        fault = "Receiver" if as_query.status >= 500 else "Sender"
        body = (
            f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(as_query.code)}</Code>"
            f"<Message>{escape(as_query.message)}</Message></Error><RequestId>{uuid4()}</RequestId></ErrorResponse>"
        )
        return Response(as_query.status, body.encode(), "text/xml")

    def _model(self) -> Any:
        return get_service_model(self.service).operation_model(self.operation)


def _epoch(value: object) -> float:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
