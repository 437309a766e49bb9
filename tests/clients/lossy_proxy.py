"""An HTTP proxy that delivers every request, and loses some of the answers."""

import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

NOT_FORWARDED = {"connection", "transfer-encoding", "content-length", "proxy-authorization"}


class LossyProxy:
    """Loses the next `loses` answers after the server has given them."""

    def __init__(self) -> None:
        self.loses = 0
        self.passed = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("ItsHandler", (_Handler,), {"proxy": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "LossyProxy":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def loses_this_one(self) -> bool:
        """Count a request that was answered; whether its answer gets lost."""
        with self._lock:
            self.passed += 1
            self.loses -= 1
            return self.loses >= 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: LossyProxy

    def serve(self) -> None:
        there = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = HTTPConnection(there.netloc, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_FORWARDED}
        connection.request(self.command, f"{there.path}?{there.query}".rstrip("?"), body, headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        if self.proxy.loses_this_one():
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            if name.lower() not in NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = serve  # noqa: N815 - the standard library's names

    def log_message(self, format: str, *args: object) -> None:
        pass
