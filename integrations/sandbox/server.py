"""The HTTP server: one port for AWS's protocols and for the private endpoints, one thread per connection.

Written on the standard library's server rather than as a WSGI app, because losing an answer after accepting a call
(the fault `timeout_after_accepting`) needs the bare connection.
"""

import logging
import socketserver
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

from integrations.sandbox.endpoint import AnswerLost, Request, answer
from integrations.sandbox.errors import AwsError
from integrations.sandbox.private_endpoints import PREFIX, answer_privately
from integrations.sandbox.protocols import JsonProtocol, Response
from integrations.sandbox.simulator import Simulator
from integrations.sandbox.sources import expire_due

log = logging.getLogger(__name__)
LARGEST_BODY = 16 * 1024 * 1024
SWEEP_SECONDS = 1.0
TO_CONSOLE = Response(302, b"", "text/plain", {"Location": f"{PREFIX}/"})


class SandboxServer(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def __init__(self, host: str, port: int, simulator: Simulator) -> None:
        self.simulator = simulator
        self._stopping = threading.Event()
        super().__init__((host, port), Connection)

    def server_bind(self) -> None:
        # HTTPServer's own version looks up the host's name in DNS, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        threading.Thread(target=self._sweep, daemon=True, name="sweeper").start()
        super().serve_forever(poll_interval)

    def _sweep(self) -> None:
        while not self._stopping.wait(SWEEP_SECONDS):
            try:
                self._sweep_once()
            except Exception:
                log.exception("The sweep failed; the next one is in %s s", SWEEP_SECONDS)

    def _sweep_once(self) -> None:
        with self.simulator.changing():
            expire_due(self.simulator, datetime.now(UTC))
            for queue in self.simulator.queues:
                self.simulator.messages.drop_overdue(queue)

    def server_close(self) -> None:
        self._stopping.set()
        super().server_close()
        self.simulator.close()


class Connection(BaseHTTPRequestHandler):
    """One client's kept-alive connection."""

    server: SandboxServer
    protocol_version = "HTTP/1.1"
    server_version = "PartnerbusSandbox"
    disable_nagle_algorithm = True
    timeout = 300

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self._read_body()
        if body is None:
            return
        request = Request(self.command, self.path, lambda name: self.headers.get(name) or "", body)
        try:
            self._write(self._answer(request))
        except AnswerLost as lost:
            time.sleep(lost.seconds)
            self.close_connection = True
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _answer(self, request: Request) -> Response:
        simulator = self.server.simulator
        try:
            if request.path.startswith(PREFIX):
                return answer_privately(simulator, request)
            if request.method == "GET" and not request.header("Authorization"):
                return TO_CONSOLE  # a person with a browser, not an SDK
            return answer(simulator, request)
        except AnswerLost:
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.header("X-Amz-Target") or request.path)
            error = AwsError("InternalFailure", "The sandbox itself failed; its log has the traceback.")
            return JsonProtocol(request.header("X-Amz-Target"), b"").failure(error)

    def _read_body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding"):
            self.send_error(411, "Send a Content-Length")
            return None
        length = self.headers.get("Content-Length") or "0"
        if not (length.isascii() and length.isdigit()):
            self.send_error(400, "Content-Length is not a number")
            return None
        if int(length) > LARGEST_BODY:
            self.send_error(413, f"The request is larger than {LARGEST_BODY} bytes")
            return None
        return self.rfile.read(int(length))

    def _write(self, response: Response) -> None:
        self.send_response_only(response.status)
        headers = {
            "Content-Type": response.content_type,
            "Content-Length": str(len(response.body)),
            "x-amzn-RequestId": str(uuid4()),
            **response.headers,
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        log.debug(format, *args)
