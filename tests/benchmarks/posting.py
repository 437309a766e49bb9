"""The load: posts events over a few kept connections, from one thread that does nothing else.

A side process. Its argument is an `Order`, its answer a `Posted`.
"""

import json
import selectors
import socket
import time
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection

from tests.benchmarks.bodies import Body
from tests.benchmarks.side_process import argument, tell, wait_for_go

BACKLOG_QUESTION_SECONDS = 0.02
ANSWER_LIMIT = 60.0


@dataclass(frozen=True)
class Order:
    """What to post: events a body and connections; for how long, or how many; how fast, or as fast as answers come.

    With `stub_port` posting pauses while more than `backlog` events were posted and not yet accepted, as a backend
    that looks at its quota would: so posting never runs ahead of publishing.
    """

    host: str
    port: int
    key: str
    prefix: str
    tenants: list[str]
    size: int
    connections: int = 1
    seconds: float = 3_600.0
    events: int = 1_000_000_000
    bodies_per_second: float = 0.0
    stub_port: int = 0
    backlog: int = 10_000
    detail: str = ""


@dataclass
class Posted:
    """What was posted, from `began` to `ended` (monotonic seconds); `milliseconds` are those of each answered post."""

    events: int = 0
    began: float = 0.0
    ended: float = 0.0
    processor_seconds: float = 0.0
    errors: int = 0
    first_error: str = ""
    milliseconds: list[float] = field(default_factory=list)


class Poster:
    """Keeps `connections` posts in flight, as the order allows."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._posted = Posted()
        self._number = 0
        self._due = self._asked_at = 0.0
        self._selector = selectors.DefaultSelector()
        self._lanes = [_Lane(order, number) for number in range(order.connections)]
        for lane in self._lanes:
            self._selector.register(lane.socket, selectors.EVENT_READ, lane)
        self._stub = HTTPConnection(order.host, order.stub_port, timeout=10) if order.stub_port else None
        self._accepted_before = self._accepted = self._ask_stub()

    def post(self, began: float) -> Posted:
        """Post what was ordered and return what came of it."""
        self._posted.began = self._due = began
        processor = time.process_time()
        idle = list(self._lanes)
        while True:
            while idle and self._may_post():
                idle.pop().send(self._number)
                self._number += 1
                self._due += 1 / self._order.bodies_per_second if self._order.bodies_per_second else 0.0
            if len(idle) == len(self._lanes) and self._is_over():
                break
            idle += self._answered(self._patience(bool(idle)))
        self._posted.ended = time.monotonic()
        self._posted.processor_seconds = time.process_time() - processor
        return self._posted

    def _answered(self, patience: float) -> list["_Lane"]:
        """Wait for answers and return the connections that are free again. Raises TimeoutError after a minute."""
        found = [key.data for key, _ in self._selector.select(patience)]
        if not found and patience >= ANSWER_LIMIT:
            raise TimeoutError(f"no post was answered within {ANSWER_LIMIT:.0f} s")
        for lane in found:
            self._note(lane)
        return found

    def _is_over(self) -> bool:
        order = self._order
        return time.monotonic() >= self._posted.began + order.seconds or self._number * order.size >= order.events

    def _may_post(self) -> bool:
        if self._is_over() or (self._order.bodies_per_second and time.monotonic() < self._due):
            return False
        return not self._is_behind()

    def _is_behind(self) -> bool:
        """Whether publishing is too far behind; the stub is asked at most every 20 ms."""
        if self._stub is None:
            return False
        if time.monotonic() - self._asked_at >= BACKLOG_QUESTION_SECONDS:
            self._accepted = self._ask_stub()
            self._asked_at = time.monotonic()
        return self._number * self._order.size - (self._accepted - self._accepted_before) > self._order.backlog

    def _ask_stub(self) -> int:
        if self._stub is None:
            return 0
        self._stub.request("GET", "/_stub")
        return int(json.loads(self._stub.getresponse().read())["accepted"])

    def _patience(self, could_post: bool) -> float:
        """How long to wait for answers before looking again whether to post."""
        if not could_post:
            return ANSWER_LIMIT
        if self._order.bodies_per_second:
            return max(0.0, min(self._due - time.monotonic(), ANSWER_LIMIT / 2))
        return BACKLOG_QUESTION_SECONDS / 4

    def _note(self, lane: "_Lane") -> None:
        milliseconds, error = lane.receive()
        self._posted.milliseconds.append(round(milliseconds, 3))
        if error:
            self._posted.errors += 1
            self._posted.first_error = self._posted.first_error or error
        else:
            self._posted.events += self._order.size


class _Lane:
    """One connection with a body of its own."""

    def __init__(self, order: Order, number: int) -> None:
        more = {"detail": order.detail} if order.detail else {}
        self._body = Body(f"{order.prefix}-{number}", order.tenants, order.size, **more)
        self._all_stored = b'"stored":%d,' % order.size
        self._head = (
            f"POST /api/v1/events HTTP/1.1\r\nHost: {order.host}:{order.port}\r\nAuthorization: Bearer {order.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self._body.fresh(0))}\r\n\r\n"
        ).encode()
        self.socket = socket.create_connection((order.host, order.port), timeout=ANSWER_LIMIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, number: int) -> None:
        self._sent_at = time.perf_counter()
        self.socket.sendall(self._head + self._body.fresh(number))

    def receive(self) -> tuple[float, str]:
        """Return the milliseconds to the whole answer, and what was wrong with it."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        while len(body) < length:
            body += self._more()
        good = b" 202 " in head.split(b"\r\n", 1)[0] and self._all_stored in body.replace(b" ", b"")[:100]
        error = "" if good else (head.split(b"\r\n", 1)[0] + b": " + body[:300]).decode(errors="replace")
        return (time.perf_counter() - self._sent_at) * 1e3, error

    def _more(self) -> bytes:
        received = self.socket.recv(262_144)
        if not received:
            raise ConnectionError("the web closed a connection in the middle of an answer")
        return received


if __name__ == "__main__":
    poster = Poster(Order(**argument()))
    tell(asdict(poster.post(wait_for_go())))
