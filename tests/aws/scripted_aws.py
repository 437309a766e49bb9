"""A local HTTP endpoint that plays `events` and `sts` with scripted bytes and keeps every request."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

Script = Callable[[BaseHTTPRequestHandler], None]
STS = "https://sts.amazonaws.com/doc/2011-06-15/"


@dataclass
class Request:
    """One request as it arrived; `operation` is AWS's name of the call."""

    operation: str
    path: str
    headers: dict[str, str]
    body: bytes


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None, claim: int | None = None) -> Script:
    """Answer with JSON, or with bytes as they are; `claim` states another Content-Length than the body has."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"x-amzn-RequestId": "req-1", **(headers or {})}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content) if claim is None else claim))
        handler.end_headers()
        handler.wfile.write(content)
        handler.close_connection = claim is not None

    return send


def hang_up_after(seconds: float, first: bytes = b"") -> Script:
    """Send `first`, stay silent, then close the connection."""

    def hang(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(first)
        handler.wfile.flush()
        time.sleep(seconds)
        handler.close_connection = True

    return hang


def accepted(*event_ids: str) -> Script:
    return answer({"FailedEntryCount": 0, "Entries": [{"EventId": event_id} for event_id in event_ids]})


def refuse(code: str, message: str = "no", status: int = 400) -> Script:
    return answer({"__type": code, "message": message}, status)


@dataclass
class ScriptedAws:
    """Answers `events` from `script`, in order, and STS by itself: as `account`, with roles good for `role_seconds`."""

    account: str = "111111111111"
    role_seconds: float = 3_600
    sts_delay: float = 0
    script: deque[Script] = field(default_factory=deque)
    sts_script: deque[Script] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket.listen(64)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answers(self, *scripts: Script) -> None:
        self.script.extend(scripts)

    def calls(self, operation: str) -> list[Request]:
        return [request for request in self.requests if request.operation == operation]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        aws = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                target = self.headers.get("X-Amz-Target", "")
                operation = target.removeprefix("AWSEvents.") or parse_qs(body.decode())["Action"][0]
                aws.requests.append(Request(operation, self.path, dict(self.headers.items()), body))
                (aws.script.popleft() if target else aws._sts(operation))(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test output quiet."""

        return Handler

    def _sts(self, operation: str) -> Script:
        time.sleep(self.sts_delay)
        if self.sts_script:
            return self.sts_script.popleft()
        result = self._role() if operation == "AssumeRole" else f"<Account>{self.account}</Account>"
        return answer(f'<R xmlns="{STS}"><{operation}Result>{result}</{operation}Result></R>'.encode())

    def _role(self) -> str:
        number = len(self.calls("AssumeRole"))
        expires = (datetime.now(UTC) + timedelta(seconds=self.role_seconds)).isoformat()
        return (
            f"<Credentials><AccessKeyId>ASIAROLE{number}</AccessKeyId><SecretAccessKey>role-secret-{number}</SecretAccessKey>"
            f"<SessionToken>role-token-{number}</SessionToken><Expiration>{expires}</Expiration></Credentials>"
        )
