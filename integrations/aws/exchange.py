"""HTTP/1.1 to AWS, many exchanges side by side: connections that are kept, on an event loop of their own.

The general clients cost more than everything else of a call: boto3 1.2 ms, this 0.05 ms.
"""

import asyncio
import ssl
import time
from collections import defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import partial
from socket import gaierror
from typing import Any, Self, TypeVar, cast

import httptools
import uvloop

from integrations.aws import errors
from integrations.aws.errors import AwsError
from integrations.aws.transactions import refuse_inside_transaction

CONNECT_SECONDS = 3.0
# AWS closes connections that nobody uses; one that is closed while we send leaves us in doubt whether AWS took it.
KEPT_SECONDS = 10.0
OPENED_AT_ONCE = 8  # connections

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go; `proxy` is a host and port that is asked to connect (HTTP CONNECT)."""

    host: str
    port: int
    tls: ssl.SSLContext | None = field(default=None, compare=False)
    proxy: tuple[str, int] | None = None

    @property
    def authority(self) -> str:
        """What the Host header says: the port only where it is not the scheme's own, as botocore has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


class Reply:
    """An answer, complete. Names of headers are in lower case."""

    __slots__ = ("body", "headers", "keep", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.keep = False


class Exchanges:
    """An event loop with the connections that its exchanges keep. Belongs to one thread; close it, or use `with`."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._kept: dict[Endpoint, list[_Wire]] = defaultdict(list)
        self._failed: dict[Endpoint, tuple[float, AwsError]] = {}
        self._opening = asyncio.Semaphore(OPENED_AT_ONCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop all connections and end the loop."""
        for wires in self._kept.values():
            for wire in wires:
                wire.drop()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run what awaits exchanges, to its end. Raises InsideTransaction when a transaction is open."""
        try:
            refuse_inside_transaction("A call to AWS")
        except BaseException:
            work.close()
            raise
        return self._loop.run_until_complete(self._after_news(work))

    async def _after_news(self, work: Coroutine[Any, Any, T]) -> T:
        """Hear first of the connections that AWS has closed since the loop last ran."""
        for _ in range(2):
            await asyncio.sleep(0)
        return await work

    async def post(self, endpoint: Endpoint, request: bytes, timeout: float) -> Reply:
        """Send a whole request and return its answer. Raises NetworkError when nothing was sent, OutcomeUnknown when no
        complete answer came within `timeout` seconds.
        """
        wire = self._idle(endpoint) or await self._idle_or_new(endpoint)
        reply = await wire.exchange(request, timeout)
        if reply.keep:
            wire.kept_at = time.monotonic()
            self._kept[endpoint].append(wire)
        else:
            wire.drop()
        return reply

    async def _idle_or_new(self, endpoint: Endpoint) -> "_Wire":
        """Open a connection, few at a time: while one waits for its turn, an answer may have freed another.

        Who waited while a connection failed fails with it, so that a silent endpoint is noticed in one time-out.
        """
        came_at = time.monotonic()
        async with self._opening:
            failed = self._failed.get(endpoint)
            if failed is not None and failed[0] > came_at:
                raise failed[1]
            try:
                return self._idle(endpoint) or await self._connected(endpoint)
            except AwsError as error:
                self._failed[endpoint] = time.monotonic(), error
                raise

    def _idle(self, endpoint: Endpoint) -> "_Wire | None":
        wires = self._kept[endpoint]
        while wires:
            wire = wires.pop()
            if wire.is_usable():
                return wire
            wire.drop()
        return None

    async def _connected(self, endpoint: Endpoint) -> "_Wire":
        host, port = endpoint.proxy or (endpoint.host, endpoint.port)
        tls = None if endpoint.proxy else endpoint.tls
        connecting = self._loop.create_connection(
            partial(_Wire, self._loop), host, port, ssl=tls, server_hostname=endpoint.host if tls else None
        )
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, wire = await connecting
                if endpoint.proxy:
                    await wire.tunnel(endpoint)
        except Exception as error:
            raise _unconnected(error, endpoint) from error
        return wire


class _Wire(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Reply] | None = None
        self._reply = Reply()
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: list[bytes] = []
        self._has_headers = False
        self._asks_proxy = False
        self.kept_at = 0.0

    def is_usable(self) -> bool:
        assert self._transport is not None
        return not self._transport.is_closing() and time.monotonic() - self.kept_at < KEPT_SECONDS

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def exchange(self, request: bytes, timeout: float) -> Reply:
        """Write a request and wait for its answer. Raises OutcomeUnknown."""
        assert self._transport is not None
        self._answer = self._loop.create_future()
        late = self._loop.call_later(timeout, self._fail, f"AWS did not answer within {timeout:g} seconds.")
        try:
            self._transport.write(request)
            return await self._answer
        except BaseException:
            self.drop()
            raise
        finally:
            late.cancel()
            self._answer = None

    async def tunnel(self, endpoint: Endpoint) -> None:
        """Ask the proxy at the other end to connect to the endpoint, and speak TLS through it from then on."""
        target = f"{endpoint.host}:{endpoint.port}"
        self._asks_proxy = True
        reply = await self.exchange(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode(), CONNECT_SECONDS)
        if reply.status != 200:
            raise errors.ProxyFailed("ProxyFailed", f"The proxy answered {reply.status} to CONNECT {target}.")
        assert self._transport is not None
        self._asks_proxy, self._parser = False, httptools.HttpResponseParser(self)
        if endpoint.tls:
            self._transport = await self._loop.start_tls(
                self._transport, self, endpoint.tls, server_hostname=endpoint.host
            )

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's do not inherit from asyncio's

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # the proxy's consent: what follows is not HTTP any more
        except httptools.HttpParserError as error:
            self._fail(f"AWS's answer is not HTTP: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        unmeasured = not {"content-length", "transfer-encoding"} & self._reply.headers.keys()
        if exc is None and self._has_headers and unmeasured:
            self.on_message_complete()  # such an answer ends with its connection
        self._fail(f"The connection ended before an answer was complete{f': {exc}' if exc else '.'}")

    # What the parser tells.

    def on_message_begin(self) -> None:
        self._reply, self._chunks, self._has_headers = Reply(), [], False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._reply.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._has_headers = True
        if self._asks_proxy:  # a consent to CONNECT has no body, and the parser waits for one
            self.on_message_complete()

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        self._reply.status = self._parser.get_status_code()
        if self._reply.status < 200:
            return  # an interim word, for example 100 Continue: the answer comes after it
        self._reply.keep = self._parser.should_keep_alive()
        self._reply.body = b"".join(self._chunks)
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self._reply)
        elif not self._asks_proxy:  # an answer to nothing: whatever comes next could not be told apart
            self.drop()

    def _fail(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(errors.OutcomeUnknown("OutcomeUnknown", why))


def _unconnected(error: Exception, endpoint: Endpoint) -> AwsError:
    where, said = f"{endpoint.host}:{endpoint.port}", str(error) or type(error).__name__
    if isinstance(error, errors.ProxyFailed):
        return error
    if endpoint.proxy and not isinstance(error, ssl.SSLError):
        return errors.ProxyFailed("ProxyFailed", f"{endpoint.proxy[0]}:{endpoint.proxy[1]} for {where}: {said}")
    if isinstance(error, gaierror):
        return errors.NameNotResolved("NameNotResolved", f"{where}: {said}")
    if isinstance(error, ssl.SSLError | ssl.CertificateError):
        return errors.TlsFailed("TlsFailed", f"{where}: {said}")
    if isinstance(error, TimeoutError):
        return errors.ConnectTimedOut("ConnectTimedOut", f"{where}: no connection within {CONNECT_SECONDS:g} seconds")
    return errors.ConnectionFailed("ConnectionFailed", f"{where}: {said}")
