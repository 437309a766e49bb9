"""A Partnerbus whose behaviour a test decides: answers as scripted, else it stores like the real one."""

import gzip
import hashlib
import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Sent = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    connection: int

    @property
    def body(self) -> bytes:
        return gzip.decompress(self.raw) if self.headers.get("content-encoding") == "gzip" else self.raw

    @property
    def events(self) -> list[Sent]:
        found: list[Sent] = json.loads(self.body)["events"]
        return found

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]


Step = Callable[["Handler", Request], None]


@dataclass
class Partnerbus:
    """`script` is what the next requests meet, one step each; after it everything is stored."""

    script: deque[Step] = field(default_factory=deque)
    always: Step | None = None
    requests: list[Request] = field(default_factory=list)
    stored: dict[str, Sent] = field(default_factory=dict)
    posted: list[str] = field(default_factory=list)
    rejects: dict[str, str] = field(default_factory=dict)
    largest_body: int = 10_000_000
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def receipt(self, request: Request) -> dict[str, Any]:
        """Store what is not rejected and say so, as the API does."""
        events = []
        with self.lock:
            for index, event in enumerate(request.events):
                self.posted.append(event["id"])
                events.append({"index": index, "id": event["id"], **self._outcome(event)})
        counts = {status: sum(item["status"] == status for item in events) for status in ("stored", "rejected")}
        return {**counts, "duplicates": len(events) - sum(counts.values()), "events": events}

    def _outcome(self, event: Sent) -> dict[str, Any]:
        if code := self.rejects.get(event["id"]):
            return {"event_id": None, "status": "rejected", "code": code, "message": f"No: {code}."}
        first = self.stored.setdefault(event["id"], event)
        status = "stored" if first is event else "duplicate"
        code = "id_reused" if first != event else None
        number = hashlib.sha256(event["id"].encode()).hexdigest()[:32]
        return {"event_id": number, "status": status, "code": code, "message": "Other content." if code else None}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    partnerbus: Partnerbus

    def serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length), self.client_address[1])
        with self.partnerbus.lock:
            self.partnerbus.requests.append(request)
            step = self.partnerbus.script.popleft() if self.partnerbus.script else self.partnerbus.always
        (step or store)(self, request)

    do_GET = do_POST = do_PUT = do_DELETE = serve  # noqa: N815 - the standard library's names

    def answer(self, status: int, content: object, headers: dict[str, str] | None = None) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def store(handler: Handler, request: Request) -> None:
    """Answer as Partnerbus does on a good day."""
    partnerbus = handler.partnerbus
    if len(request.body) > partnerbus.largest_body:
        handler.answer(413, {"code": "body_too_large", "detail": "Post less at once."})
    elif request.method == "POST" and request.path.endswith("/events"):
        handler.answer(202, partnerbus.receipt(request))
    else:
        handler.answer(200, {"method": request.method, "path": request.path, "body": request.body.decode()})


def problem(status: int, code: str, **headers: str) -> Step:
    """Refuse with a problem document; `Retry_After="2"` becomes that header."""
    document = {"type": "about:blank", "status": status, "code": code, "detail": f"About {code}."}
    return page(status, document, {name.replace("_", "-"): value for name, value in headers.items()})


def page(status: int, content: object, headers: dict[str, str] | None = None) -> Step:
    """Answer exactly this."""
    return lambda handler, request: handler.answer(status, content, headers)


def hang_up(handler: Handler, request: Request) -> None:
    """Close without an answer, having stored nothing."""
    handler.close_connection = True


def store_and_hang_up(handler: Handler, request: Request) -> None:
    """Store everything, and die before the answer."""
    handler.partnerbus.receipt(request)
    handler.close_connection = True


def half_an_answer(handler: Handler, request: Request) -> None:
    """Store everything, and stop in the middle of the answer."""
    body = json.dumps(handler.partnerbus.receipt(request)).encode()
    handler.send_response(202)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def store_then_close(handler: Handler, request: Request) -> None:
    """Answer well, and close the connection without having announced it."""
    store(handler, request)
    handler.close_connection = True


def slowly(seconds: float) -> Step:
    """Store, but answer late."""

    def step(handler: Handler, request: Request) -> None:
        receipt = handler.partnerbus.receipt(request)
        time.sleep(seconds)
        handler.close_connection = True
        handler.answer(202, receipt)

    return step


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that hang up are what is tested


def serving(partnerbus: Partnerbus, tls: ssl.SSLContext | None = None) -> Server:
    """Start a server in a thread and tell `partnerbus` its address."""
    server = Server(("127.0.0.1", 0), type("ItsHandler", (Handler,), {"partnerbus": partnerbus}))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    partnerbus.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    return server
