"""A Valkey server of our own, which keeps the task queue over a restart."""

import os
import secrets
import socket
from pathlib import Path

from launcher.accounts import Account, give
from launcher.ports import LOOPBACK
from launcher.process import Process

CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir {data}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class Valkey:
    """One server in one directory, on one loopback port, behind one password."""

    def __init__(self, directory: Path, program: Path, account: Account | None, port: int) -> None:
        self.directory = directory
        self.program = program
        self.account = account
        self.port = port
        self.password = ""

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    @property
    def process(self) -> Process:
        return Process(
            name="valkey",
            command=[str(self.program), str(self._configuration)],
            environment=dict(os.environ),
            directory=self.directory,
            ready=self.answers,
            account=self.account,
        )

    def create(self) -> None:
        """Makes its directory, and its configuration with a new password at every start."""
        data = self.directory / "data"
        data.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        self.password = secrets.token_urlsafe(24)
        text = CONFIGURATION.format(host=LOOPBACK, port=self.port, password=self.password, data=_quoted(data))
        self._configuration.unlink(missing_ok=True)
        self._configuration.touch(mode=0o600)
        self._configuration.write_text(text)
        for path in (self.directory, data, self._configuration):
            give(path, self.account)

    def answers(self) -> bool:
        """Whether the server takes the password and answers PING; it does not while it still loads its log."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return _read_lines(connection, 2) == [b"+OK", b"+PONG"]
        except OSError:
            return False

    @property
    def _configuration(self) -> Path:
        return self.directory / "valkey.conf"


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _read_lines(connection: socket.socket, count: int) -> list[bytes]:
    answer = b""
    while answer.count(b"\r\n") < count and (more := connection.recv(1024)):
        answer += more
    return answer.split(b"\r\n")[:count]
