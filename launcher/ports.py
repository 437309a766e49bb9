"""TCP ports on the loopback interface: which are free, and who holds the others."""

import shutil
import socket
import subprocess
from pathlib import Path

from launcher import LaunchError
from launcher.identity import command_of

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As every server does: connections of the previous run that linger in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError:
            raise LaunchError(f"Port {port} is below 1024 and needs root. Choose a port above 1023.") from None
        except OSError:
            return False
        return True


def claim(port: int, variable: str) -> int:
    """The port when it is free, any free one for 0.

    Raises LaunchError, which names the variable and, where the system tells, the process that holds the port.
    """
    if port == 0:
        return free_port()
    if is_free(port):
        return port
    raise LaunchError(
        f"Port {port} is taken{_by_whom(port)}. Stop that program, or choose another port with {variable}, "
        f"for example: {variable}={port + 1} make run"
    )


def _by_whom(port: int) -> str:
    pid = _listener_on_linux(port) if Path("/proc/net/tcp").exists() else _listener_by_lsof(port)
    if pid is None:
        return ""
    return f" by process {pid} ({command_of(pid)[:80] or 'unknown program'})"


def _listener_on_linux(port: int) -> int | None:
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) in sockets:
                return int(link.parts[2])
        except OSError:
            continue  # another user's process, or one that has just ended
    return None


def _listening_inodes(port: int) -> list[str]:
    listening = "0A"
    rows = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        if Path(table).exists()
        for line in Path(table).read_text().splitlines()[1:]
    ]
    return [row[9] for row in rows if row[3] == listening and int(row[1].rpartition(":")[2], 16) == port]


def _listener_by_lsof(port: int) -> int | None:
    if not (lsof := shutil.which("lsof")):
        return None
    query = [lsof, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-t"]
    pids = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split()
    return int(pids[0]) if pids else None
