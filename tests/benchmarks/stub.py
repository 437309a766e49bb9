"""A stand-in for AWS that costs next to nothing: it counts entries and accepts every one of them.

`python -m tests.benchmarks.stub` prints its port. It checks no signature and stores nothing, so that what is measured
is the sender. `/_stub` is its own side: GET tells the counts, POST sets them going otherwise, GET `/_stub/log` tells
and forgets which event was accepted when.
"""

import asyncio
import json
import re
import sys
import time
from functools import partial
from itertools import cycle, islice
from uuid import uuid4

from launcher.ports import LOOPBACK

HEAD = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nx-amzn-RequestId: %s\r\nContent-Length: %d\r\n\r\n"
AMZ_JSON = b"application/x-amz-json-1.1"
IDENTITY = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Account>111111111111</Account><Arn>arn:aws:iam::111111111111:root</Arn><UserId>stub</UserId>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
ACCOUNTS = b'{"PartnerEventSourceAccounts":[{"Account":"222222222222","State":"ACTIVE"}]}'
UNKNOWN = b'{"__type":"UnknownOperationException","message":"The stub knows this operation not."}'
ENTRY = re.compile(rb'"Source": ?"([^"]*)"[^{]*?urn:partnerbus:event:([0-9a-f-]{36})')
WRAPPING = len('{"Entries":[]}')  # as Partnerbus writes it, with a comma between two entries


class Books:
    """What was accepted, and how the stub is to behave."""

    def __init__(self) -> None:
        self.calls = self.accepted = self.entry_bytes = 0
        self.latency = 0.0
        self.logging = False
        self.skipping = b""
        self.log: list[tuple[float, bytes]] = []
        # Halves of random UUIDs in cycles whose lengths have no common divisor: no id comes twice.
        self._first = cycle([str(uuid4())[:19].encode() for _ in range(65_536)])
        self._second = cycle([str(uuid4())[19:].encode() for _ in range(65_521)])

    def accept(self, body: bytes) -> bytes:
        """Count the entries of a PutPartnerEvents request and return AWS's answer."""
        count = body.count(b'"DetailType":')
        self.calls += 1
        self.accepted += count
        self.entry_bytes += len(body) - WRAPPING - (count - 1)
        if self.logging:
            now = time.time()
            self.log += [(now, event) for source, event in ENTRY.findall(body) if self.skipping not in source]
        ids = b",".join([b'{"EventId":"%s%s"}' % pair for pair in islice(zip(self._first, self._second), count)])  # noqa: B905 - endless
        return _answer(b"200 OK", AMZ_JSON, b'{"FailedEntryCount":0,"Entries":[%s]}' % ids)

    def tell(self, path: bytes) -> bytes:
        """Answer a question to the stub itself."""
        if path == b"/_stub/log":
            lines, self.log = [f"{at:.6f} {event.decode()}" for at, event in self.log], []
            return _answer(b"200 OK", b"text/plain", "\n".join(lines).encode())
        counts = {"calls": self.calls, "accepted": self.accepted, "entry_bytes": self.entry_bytes}
        return _answer(b"200 OK", b"application/json", json.dumps(counts).encode())

    def behave(self, body: bytes) -> bytes:
        """Take new orders: `latency` in seconds, `logging`, and `skipping`, a part of source names not to log."""
        orders = json.loads(body)
        self.latency = orders.get("latency", self.latency)
        self.logging = orders.get("logging", self.logging)
        self.skipping = orders.get("skipping", "").encode() or b"\0"
        return self.tell(b"/_stub")


class Conversation(asyncio.Protocol):
    """One HTTP/1.1 connection, kept open; requests have a Content-Length."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._received = bytearray()
        self._head = b""
        self._needed = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._has_request():
            body = bytes(self._received[: self._needed])
            del self._received[: self._needed]
            self._needed = -1
            self._reply(body)

    def _has_request(self) -> bool:
        if self._needed < 0:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return False
            self._head = bytes(self._received[:end])
            del self._received[: end + 4]
            length = re.search(rb"\r\ncontent-length: *(\d+)", self._head, re.IGNORECASE)
            self._needed = int(length[1]) if length else 0
        return len(self._received) >= self._needed

    def _reply(self, body: bytes) -> None:
        if b"AWSEvents.PutPartnerEvents" in self._head:
            answer = self._books.accept(body)
            if self._books.latency:
                asyncio.get_running_loop().call_later(self._books.latency, partial(self._write, answer))
                return
        else:
            answer = self._other(body)
        self._write(answer)

    def _other(self, body: bytes) -> bytes:
        method, path, _ = self._head.split(b"\r\n", 1)[0].split(b" ")
        if path.startswith(b"/_stub"):
            return self._books.behave(body) if method == b"POST" else self._books.tell(path)
        if b"GetCallerIdentity" in body:
            return _answer(b"200 OK", b"text/xml", IDENTITY)
        if b"AWSEvents.ListPartnerEventSourceAccounts" in self._head:
            return _answer(b"200 OK", AMZ_JSON, ACCOUNTS)
        return _answer(b"400 Bad Request", AMZ_JSON, UNKNOWN)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _answer(status: bytes, kind: bytes, body: bytes) -> bytes:
    return HEAD % (status, kind, str(uuid4()).encode(), len(body)) + body


async def serve() -> None:
    """Serve on a free port until killed; print the port first."""
    books = Books()
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(books), LOOPBACK, 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
