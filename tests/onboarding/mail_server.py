"""A mail server for tests: speaks enough SMTP for smtplib, keeps what it took, and refuses on request."""

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class MailServer:
    """Listens on a free port of loopback. `refusals` answers a command (RCPT, DATA) with a line of one's own."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refusals: dict[str, str] = {}
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Conversation)
        self._server.daemon_threads = True
        self._server.mail = self
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> "MailServer":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Conversation(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        recipients: list[str] = []
        self._say("220 loopback")
        while line := self.rfile.readline():
            words = line.decode("utf-8").strip()
            command = words[:4].upper()
            if refusal := self.server.mail.refusals.get(command):
                self._say(refusal)
            elif command == "RCPT":
                recipients.append(words.partition("<")[2].partition(">")[0])
                self._say("250 ok")
            elif command == "DATA":
                self._say("354 go on")
                self._take(recipients)
            elif command == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self, recipients: list[str]) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.server.mail.messages.append(message_from_bytes(b"".join(lines), policy=policy.default))
        self.server.mail.recipients.append(recipients)
        self._say("250 taken")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
