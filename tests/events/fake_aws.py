"""PutPartnerEvents over HTTP with an answer that the test decides, and a log of what was accepted."""

import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Entry = dict[str, Any]
Reply = dict[str, Any]
Behaviour = Callable[[list[Entry]], Reply]


class Whole(Exception):
    """Refuse the whole request with this code."""

    def __init__(self, code: str, status: int = 400, message: str = "no") -> None:
        super().__init__(code)
        self.code, self.status, self.message = code, status, message


class HangUp(Exception):
    """Close the connection without an answer; `accepted` decides whether the entries were taken before."""

    def __init__(self, accepted: bool) -> None:
        super().__init__()
        self.accepted = accepted


def accept_all(entries: list[Entry]) -> Reply:
    return {"FailedEntryCount": 0, "Entries": [{"EventId": str(uuid.uuid4())} for _ in entries]}


def refuse(code: str, when: Callable[[Entry], bool], message: str = "no") -> Behaviour:
    """Refuse each entry that fits, accept its neighbours."""

    def behave(entries: list[Entry]) -> Reply:
        results = [
            {"ErrorCode": code, "ErrorMessage": message} if when(entry) else {"EventId": str(uuid.uuid4())}
            for entry in entries
        ]
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}

    return behave


def urn_of(entry: Entry) -> str:
    return str(entry["Resources"][-1])


class FakeAws:
    """A server; a test replaces `behave`. `accepted` counts (source, urn), `calls` holds each request's entries."""

    def __init__(self) -> None:
        self.behave: Behaviour = accept_all
        self.accepted: Counter[tuple[str, str]] = Counter()
        self.calls: list[list[Entry]] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket.listen(128)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, entries: list[Entry]) -> Reply:
        with self._lock:
            self.calls.append(entries)
        try:
            reply = self.behave(entries)
        except HangUp as hang_up:
            if hang_up.accepted:
                self._accept(entries, accept_all(entries))
            raise
        self._accept(entries, reply)
        return reply

    def _accept(self, entries: list[Entry], reply: Reply) -> None:
        with self._lock:
            for entry, result in zip(entries, reply["Entries"], strict=False):
                if "EventId" in result:
                    self.accepted[(entry["Source"], urn_of(entry))] += 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        aws = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if b"GetCallerIdentity" in body:
                    self._identity()
                    return
                try:
                    self._send(200, aws.answer(json.loads(body)["Entries"]))
                except Whole as whole:
                    self._send(whole.status, {"__type": whole.code, "message": whole.message})
                except HangUp:
                    self.close_connection = True

            def _identity(self) -> None:
                content = (
                    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
                    b"<Account>111111111111</Account><Arn>arn:aws:iam::111111111111:root</Arn><UserId>x</UserId>"
                    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
                )
                self._write(200, content, "text/xml")

            def _send(self, status: int, reply: Reply) -> None:
                self._write(status, json.dumps(reply).encode(), "application/x-amz-json-1.1")

            def _write(self, status: int, content: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
