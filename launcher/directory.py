"""The directory that holds everything a running Partnerbus keeps, used by one supervisor at a time."""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launcher import LaunchError
from launcher.accounts import Account, can_reach
from launcher.binaries import SHARED_COPIES
from launcher.identity import command_of

DEMO, EMPTY = "demo", "empty"
NEEDED_BYTES = 300_000_000
SCARCE_BYTES = 30_000_000
# Every name that is ever made here, and all that is ever deleted. What says whose the rest is goes last, so that a
# removal that was killed can be repeated.
MADE = (
    "log",
    "pids",
    "postgres",
    "valkey",
    "lock",
    "ports.json",
    "stack.json",
    "stack.new",
    "worker-ready",
    "secret_key",
    "secret_key.new",
    "done-*",
    "beat-schedule*",
    "sandbox.sqlite*",
    "world",
    "checkout",
)


@dataclass(frozen=True)
class DataDirectory:
    """Where each part keeps its things below one path."""

    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def records(self) -> Path:
        return self.path / "pids"

    @property
    def status(self) -> Path:
        return self.path / "stack.json"

    @property
    def ports(self) -> Path:
        return self.path / "ports.json"

    @property
    def world(self) -> Path:
        """Says what the first start filled the database with: `demo` or `empty`."""
        return self.path / "world"

    @property
    def is_demo(self) -> bool:
        return self.world.exists() and self.world.read_text().strip() == DEMO

    @property
    def checkout(self) -> Path:
        """Says which checkout made this directory, so that another one's `make clean` leaves it alone."""
        return self.path / "checkout"

    @property
    def is_ours(self) -> bool:
        return self.checkout.is_file()

    @property
    def worker_ready(self) -> Path:
        return self.path / "worker-ready"

    def make(self, account: Account | None, root: Path) -> None:
        """Makes the directory where the servers' account can reach it.

        Raises LaunchError when it cannot be made, reached or has no room, or when somebody else's files are there.
        """
        mode = 0o711 if account else 0o700
        try:
            _make(self.path, mode)
            if not self.is_ours:
                self._refuse_files_of_others()
                self.path.chmod(mode)
            # First of all, because a start that is killed here must not leave a directory that is nobody's.
            self.checkout.write_text(f"{root}\n")
            for part in (self.logs, self.records):
                _make(part, 0o700)
        except OSError as error:
            raise LaunchError(
                f"The data directory cannot be used: {error.strerror}: {error.filename}. Choose another place with "
                "PARTNERBUS_DATA, or give this user access to that one."
            ) from None
        self._refuse_unreachable(account)
        self._refuse_full_disk()

    def remove(self) -> list[str]:
        """Deletes what Partnerbus made, and the directory if that was all; returns the names of what is left."""
        for pattern in MADE:
            for path in self.path.glob(pattern):
                delete(path)
        left = sorted(path.name for path in self.path.iterdir())
        if not left:
            with contextlib.suppress(OSError):  # a mount point or a symbolic link stays, and is as good as new
                self.path.rmdir()
        return left

    def secret_key(self) -> str:
        """A random secret, made once and readable by its owner only."""
        file = self.path / "secret_key"
        if not file.exists() or not file.read_text().strip():
            draft = file.with_suffix(".new")
            draft.unlink(missing_ok=True)
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48))
            draft.replace(file)
        return file.read_text().strip()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the directory for one supervisor. The kernel frees it however that ends.

        Raises LaunchError, which names the holder, when another one has it.
        """
        with (self.path / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise LaunchError(self._held_by(file.read().strip())) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def is_in_use(self) -> bool:
        """Whether a supervisor holds the directory at this moment."""
        if not (self.path / "lock").exists():
            return False
        try:
            with self.locked():
                return False
        except LaunchError:
            return True

    def scarcity(self) -> str:
        """A sentence to add to a complaint when a full disk may be behind it; else nothing."""
        free = shutil.disk_usage(self.path).free
        return (
            f" The disk is full: {free // 1_000_000} MB are left where {self.path} is." if free < SCARCE_BYTES else ""
        )

    def _held_by(self, pid: str) -> str:
        who = f"process {pid} ({command_of(int(pid)) or 'unknown program'})" if pid.isdigit() else "another process"
        return (
            f"Partnerbus already runs on {self.path}: {who} holds it. Stop it with Ctrl-C or `kill {pid or 'PID'}`, or "
            "start a second one beside it with other values for PARTNERBUS_DATA, PORT and SANDBOX_PORT."
        )

    def _refuse_files_of_others(self) -> None:
        others = sorted(path.name for path in self.path.iterdir() if path != SHARED_COPIES)
        if others:
            raise LaunchError(
                f"The directory {self.path} holds files that Partnerbus did not make, {others[0]} among them. Name one "
                f"that is empty or does not exist yet, for example: PARTNERBUS_DATA={self.path / 'partnerbus'}"
            )

    def _refuse_unreachable(self, account: Account | None) -> None:
        if account and not can_reach(self.path, account):
            raise LaunchError(
                f"The database servers run as `{account.name}`, because PostgreSQL does not run as root, and that user "
                f"may not enter {self.path} or a directory above it. Set PARTNERBUS_DATA to a place it can reach, for "
                "example /var/lib/partnerbus."
            )

    def _refuse_full_disk(self) -> None:
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_BYTES:
            raise LaunchError(
                f"Only {free // 1_000_000} MB are free where {self.path} is; the database needs at least "
                f"{NEEDED_BYTES // 1_000_000} MB. Free some space, or choose another place with PARTNERBUS_DATA."
            )


def delete(path: Path) -> None:
    """Deletes a file, a symbolic link or a directory with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _make(path: Path, mode: int) -> None:
    """Makes a directory and its parents; those that are new get the mode whatever the umask says."""
    if path.is_file():
        raise LaunchError(f"{path} is a file and no directory. Choose another place with PARTNERBUS_DATA.")
    if not path.exists():
        _make(path.parent, mode)
        path.mkdir(exist_ok=True)
        path.chmod(mode)
