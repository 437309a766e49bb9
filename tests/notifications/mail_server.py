"""A mail server on loopback: it speaks SMTP, keeps what it took, and can refuse or be away."""

import email.message
import email.policy
import socketserver
import threading
from email import message_from_bytes
from typing import Any


class MailServer:
    """`refuses`: addresses that it answers with 550. `stop` makes it unreachable, `start` brings it back."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self.refuses: set[str] = set()
        self.port = 0
        self.start()

    def start(self) -> None:
        keeper = self

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                keeper.converse(self.rfile, self.wfile)

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Conversation)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def converse(self, heard: Any, said: Any) -> None:
        def say(words: str) -> None:
            said.write(f"{words}\r\n".encode())
            said.flush()

        say("220 ready")
        while line := heard.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "RCPT" and any(address in line for address in self.refuses):
                say("550 no such person")
            elif verb == "DATA":
                say("354 go on")
                self.mails.append(self._read(heard))
                say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")

    def _read(self, heard: Any) -> email.message.EmailMessage:
        lines = []
        while (line := heard.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        parsed: Any = message_from_bytes(b"".join(lines), policy=email.policy.default)
        return parsed

    @property
    def sent_to(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mails]


def text_of(mail: email.message.EmailMessage, kind: str = "plain") -> str:
    body: Any = mail.get_body((kind,))
    return str(body.get_content())
