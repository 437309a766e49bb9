"""Sending events: one signed PutPartnerEvents request, and what AWS says about each entry."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse

from integrations.aws.connections import Connection, connect, user_agent
from integrations.aws.limits import MAX_REQUEST_BYTES, check_entries
from integrations.aws.outcomes import Accepted as Accepted
from integrations.aws.outcomes import Outcome as Outcome
from integrations.aws.outcomes import Refused as Refused
from integrations.aws.outcomes import Unknown as Unknown
from integrations.aws.outcomes import read_outcomes
from integrations.aws.publishers import Publisher
from integrations.aws.transactions import refuse_inside_transaction
from integrations.aws.translation import refusal_of_reply, signing_in, translating
from integrations.aws.words import CODE_CHARACTERS, storable

OPERATION = "PutPartnerEvents"


@dataclass(frozen=True, slots=True)
class PutResult:
    """One outcome per entry, in the order sent; AWS's id of the request; milliseconds until its answer was read."""

    outcomes: list[Outcome]
    request_id: str
    duration_ms: int


def put_partner_events(
    publisher: Publisher,
    region: str,
    entries: Sequence[bytes],
    *,
    timeout: float,
    max_request_bytes: int = MAX_REQUEST_BYTES,
) -> PutResult:
    """Send 1 to 20 wire-ready entries once, without any retry; they travel byte for byte as given.

    An entry is a JSON object in UTF-8: `{"Source":"..","Time":..,"Resources":[..],"DetailType":"..","Detail":".."}`.
    `timeout` is the longest silence of AWS in seconds. Acceptance by AWS is not delivery: for a PENDING source it drops
    what it accepts. Raises AwsError when the whole request was refused, where one bad entry may have been the cause;
    NetworkError when nothing was sent; OutcomeUnknown when no answer came; LimitError before anything is sent.
    """
    check_entries(entries, max_request_bytes)
    refuse_inside_transaction(OPERATION)
    with signing_in():
        connection = connect(publisher, region)
        request = _signed(connection, b'{"Entries":[' + b",".join(entries) + b"]}", timeout)
    started = time.perf_counter()
    with translating(OPERATION):
        reply = connection.pool.send(request)
    duration_ms = round((time.perf_counter() - started) * 1_000)
    return PutResult(
        _outcomes(reply, len(entries)),
        storable(reply.headers.get("x-amzn-RequestId", ""), CODE_CHARACTERS),
        duration_ms,
    )


def _signed(connection: Connection, body: bytes, timeout: float) -> AWSPreparedRequest:
    request = AWSRequest(
        method="POST",
        url=connection.events.meta.endpoint_url.rstrip("/") + "/",
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "User-Agent": user_agent(),
            "X-Amz-Target": f"AWSEvents.{OPERATION}",
        },
        data=body,
    )
    request.context["read_timeout"] = timeout
    SigV4Auth(connection.current_credentials(), "events", connection.region).add_auth(request)
    return request.prepare()


def _outcomes(reply: AWSResponse, sent: int) -> list[Outcome]:
    if reply.status_code != 200:
        raise refusal_of_reply(OPERATION, reply.status_code, reply.headers, reply.content)
    return read_outcomes(reply.content, sent)
