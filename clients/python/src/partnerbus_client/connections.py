"""Kept-alive connections to one server, shared by threads and never by processes."""

import base64
import selectors
import ssl
import threading
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from partnerbus_client.errors import NoAnswer
from partnerbus_client.forking import in_every_child

LARGEST_ANSWER = 64 * 1024 * 1024
MOST_IDLE = 16


@dataclass(frozen=True)
class Answer:
    """A complete answer."""

    status: int
    reason: str
    headers: Message
    body: bytes


class Connections:
    """Sends requests to the server of `origin`, each on a connection of its own while it lasts.

    `proxy` is an http:// address, "" for none, None for what the environment says (https_proxy, no_proxy).
    """

    _lock: threading.Lock
    _idle: list[HTTPConnection]

    def __init__(
        self,
        origin: SplitResult,
        *,
        timeout: float,
        connect_timeout: float,
        tls: ssl.SSLContext | None,
        proxy: str | None,
    ) -> None:
        self._origin = origin
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._tls = (tls or ssl.create_default_context()) if origin.scheme == "https" else None
        self._proxy = _proxy_for(origin, proxy)
        self._start_over()
        in_every_child(self._start_over)

    def send(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Return the answer of one request. Raises NoAnswer."""
        connection: HTTPConnection | None = None
        try:
            connection = self._idle_connection() or self._new_connection()
            answer, reusable = self._exchange(connection, method, target, body, headers)
        except (OSError, HTTPException) as error:
            if connection:
                connection.close()
            raise NoAnswer(f"{self._origin.netloc} gave no answer: {type(error).__name__}: {error}") from error
        except BaseException:  # an interrupt: half an answer must not wait for the next request
            if connection:
                connection.close()
            raise
        self._put_back(connection, reusable)
        return answer

    def close(self) -> None:
        """Close what is idle. A later request opens a new connection."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _exchange(
        self, connection: HTTPConnection, method: str, target: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[Answer, bool]:
        # A server that refuses a body before it read all of it has answered, and then closes: read that answer.
        sent = True
        try:
            connection.request(method, self._absolute(target), body, {**headers, **self._proxy_headers()})
        except BrokenPipeError:
            sent = False
        response = connection.getresponse()
        content = response.read(LARGEST_ANSWER + 1)
        if len(content) > LARGEST_ANSWER:
            raise HTTPException(f"the answer is longer than {LARGEST_ANSWER} bytes")
        answer = Answer(response.status, response.reason, response.headers, content)
        return answer, sent and response.isclosed() and not response.will_close

    def _new_connection(self) -> HTTPConnection:
        via = self._proxy or self._origin
        host, port = str(via.hostname), _port_of(via)
        connection = (
            HTTPSConnection(host, port, timeout=self._connect_timeout, context=self._tls)
            if self._tls
            else HTTPConnection(host, port, timeout=self._connect_timeout)
        )
        if self._proxy and self._tls:
            connection.set_tunnel(str(self._origin.hostname), _port_of(self._origin), _authorization(self._proxy))
        connection.connect()
        connection.sock.settimeout(self._timeout)
        return connection

    def _absolute(self, target: str) -> str:
        return f"http://{self._origin.netloc}{target}" if self._proxy and not self._tls else target

    def _proxy_headers(self) -> dict[str, str]:
        return _authorization(self._proxy) if self._proxy and not self._tls else {}

    def _idle_connection(self) -> HTTPConnection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if not _is_closed_by_server(connection):
                return connection
            connection.close()

    def _put_back(self, connection: HTTPConnection, reusable: bool) -> None:
        if reusable:
            with self._lock:
                if len(self._idle) < MOST_IDLE:
                    self._idle.append(connection)
                    return
        connection.close()

    def _start_over(self) -> None:
        # A forked process shares the sockets of its parent: two conversations on one would get each other's answers.
        self._lock = threading.Lock()
        self._idle = []


def _is_closed_by_server(connection: HTTPConnection) -> bool:
    """Nobody speaks to an idle client: if there is something to read, it is the end."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _proxy_for(origin: SplitResult, proxy: str | None) -> SplitResult | None:
    if proxy is None:
        proxy = "" if proxy_bypass(str(origin.hostname)) else getproxies().get(origin.scheme, "")
    if not proxy:
        return None
    found = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if found.scheme != "http" or not found.hostname:
        raise ValueError("A proxy has an address like http://proxy.example.com:3128; others are not spoken.")
    return found


def _port_of(address: SplitResult) -> int:
    return address.port or (443 if address.scheme == "https" else 80)


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    credentials = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(credentials).decode()}"}
