"""Sending events: one signed PutPartnerEvents request, and what AWS says about each entry."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from integrations.aws.connections import Connection, connect, user_agent
from integrations.aws.exchange import Exchanges, Reply
from integrations.aws.limits import MAX_REQUEST_BYTES, check_entries
from integrations.aws.outcomes import Accepted as Accepted
from integrations.aws.outcomes import Outcome as Outcome
from integrations.aws.outcomes import Refused as Refused
from integrations.aws.outcomes import Unknown as Unknown
from integrations.aws.outcomes import read_outcomes
from integrations.aws.publishers import Publisher
from integrations.aws.signing import sign
from integrations.aws.translation import refusal_of_reply, signing_in
from integrations.aws.words import CODE_CHARACTERS, storable

OPERATION = "PutPartnerEvents"
TARGET = f"AWSEvents.{OPERATION}"


class PutResult(msgspec.Struct, frozen=True):
    """One outcome per entry, in the order sent; AWS's id of the request; milliseconds until its answer was read."""

    outcomes: list[Outcome]
    request_id: str
    duration_ms: int


async def put_partner_events(
    exchanges: Exchanges,
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
    with signing_in():
        connection = connect(publisher, region)
        request = _signed(connection, b'{"Entries":[' + b",".join(entries) + b"]}")
    started = time.perf_counter()
    reply = await exchanges.post(connection.endpoint, request, timeout)
    duration_ms = round((time.perf_counter() - started) * 1_000)
    return PutResult(
        _outcomes(reply, len(entries)),
        storable(reply.headers.get("x-amzn-requestid", ""), CODE_CHARACTERS),
        duration_ms,
    )


def _signed(connection: Connection, body: bytes) -> bytes:
    """Return the request as it goes over the wire."""
    credentials, host = connection.current_credentials(), connection.endpoint.authority
    headers = sign(credentials, connection.region, host, body, datetime.now(UTC), TARGET)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"POST / HTTP/1.1\r\n{lines}User-Agent: {user_agent()}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _outcomes(reply: Reply, sent: int) -> list[Outcome]:
    if reply.status != 200:
        raise refusal_of_reply(OPERATION, reply.status, reply.headers, reply.body)
    return read_outcomes(reply.body, sent)
