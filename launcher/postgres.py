"""A PostgreSQL cluster of our own: created, kept and started with nothing but the server's programs."""

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from launcher import LaunchError, binaries
from launcher.accounts import Account, give
from launcher.identity import command_of
from launcher.ports import LOOPBACK
from launcher.process import Process

USER = DATABASE = "partnerbus"
# The queue tables live from quick vacuuming, and a forgotten open transaction stops it for all of them.
FOR_A_QUEUE = {
    "autovacuum_naptime": "5s",
    "idle_in_transaction_session_timeout": "60s",
    "shared_buffers": "512MB",
    "checkpoint_timeout": "15min",
    "max_wal_size": "4GB",
    "max_wal_senders": "0",
    "wal_compression": "on",
}
FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_senders": "0"}


class Postgres:
    """One cluster in one directory, on one loopback port, behind one password."""

    def __init__(
        self, directory: Path, programs: Path, account: Account | None, port: int, settings: Mapping[str, str]
    ) -> None:
        self.directory = directory
        self.cluster = directory / "cluster"
        self.programs = programs
        self.account = account
        self.port = port
        self.settings = settings

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self._password()}@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def process(self) -> Process:
        return Process(
            name="postgres",
            command=[str(self.programs / "postgres"), "-D", str(self.cluster), *self._options()],
            environment=_environment(),
            directory=self.directory,
            prepare=self.end_left_over,
            ready=self.answers,
            account=self.account,
            stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait for every client to leave
            grace=60,
            start_limit=300,  # recovery after a crash may have gigabytes of log to replay
        )

    def create(self) -> None:
        """Makes the cluster and its database if there is none yet; a half-made one is thrown away.

        Raises LaunchError when the cluster belongs to another major version or cannot be made.
        """
        if (self.cluster / "PG_VERSION").exists():
            self._refuse_another_major()
            return
        draft = self.directory / "cluster.new"
        shutil.rmtree(draft, ignore_errors=True)
        self.directory.mkdir(parents=True, exist_ok=True)
        give(self.directory, self.account)
        self.directory.chmod(0o700)
        self._keep_a_password()
        self._run("initdb", "-D", str(draft), *self._creation_flags())
        create_database = f"CREATE DATABASE {DATABASE}\n"
        self._run("postgres", "--single", "-D", str(draft), "postgres", stdin=create_database)
        draft.rename(self.cluster)

    def answers(self) -> bool:
        """Whether the database answers a query."""
        psql = [str(self.programs / "psql"), "--no-psqlrc", "-Atc", "SELECT 1"]
        where = ["-h", LOOPBACK, "-p", str(self.port), "-U", USER, "-d", DATABASE]
        environment = {**_environment(), "PGPASSWORD": self._password(), "PGCONNECT_TIMEOUT": "2"}
        return subprocess.run([*psql, *where], env=environment, capture_output=True, check=False).stdout == b"1\n"

    def end_left_over(self) -> None:
        """Stops a server that an earlier launcher left on this cluster.

        A postmaster.pid whose number now belongs to a stranger (after a reboot, in a restarted container) would make
        PostgreSQL refuse to start for ever, and `pg_ctl stop` would stop the stranger: only that file is removed.
        """
        note = self.cluster / "postmaster.pid"
        try:
            pid = int(note.read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        command = command_of(pid)
        if str(self.cluster) in command:
            self._run("pg_ctl", "stop", "-D", str(self.cluster), "-m", "fast", "-w", "-t", "60")
        elif command:
            note.unlink()

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",  # their paths may not be longer than 107 bytes; a data directory's may
            **self.settings,
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _creation_flags(self) -> list[str]:
        # The builtin C.UTF-8 sorts alike on every machine, whatever its C library.
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        durability = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        return ["-U", USER, "--auth=scram-sha-256", f"--pwfile={self._password_file}", *locale, *durability]

    def _refuse_another_major(self) -> None:
        theirs = (self.cluster / "PG_VERSION").read_text().strip()
        ours = binaries.major_of(self.programs)
        if theirs == str(ours):
            return
        dump = "pg_dump --format=custom --file=partnerbus.dump"
        restore = "pg_restore --clean --if-exists --no-owner"
        raise LaunchError(
            f"The data in {self.cluster} was written by PostgreSQL {theirs}; this version of Partnerbus brings {ours}, "
            f"which cannot read it. Start the version of Partnerbus that made it (or any PostgreSQL {theirs} on that "
            f"directory) and save it:\n  {dump} postgresql://{USER}@{LOOPBACK}:PORT/{DATABASE}\n"
            f"Then move {self.directory} away, start this version once, and load it:\n"
            f"  {self.programs}/{restore} --dbname=postgresql://{USER}@{LOOPBACK}:PORT/{DATABASE} partnerbus.dump\n"
            f"The password is in {self._password_file}, the port in stack.json beside it."
        )

    @property
    def _password_file(self) -> Path:
        return self.directory / "password"

    def _password(self) -> str:
        return self._password_file.read_text().strip()

    def _keep_a_password(self) -> None:
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        give(self._password_file, self.account)

    def _run(self, program: str, *arguments: str, stdin: str = "") -> None:
        finished = subprocess.run(
            [str(self.programs / program), *arguments],
            env=_environment(),
            cwd=self.directory,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )
        if finished.returncode != 0:
            said = (finished.stderr + finished.stdout).strip()
            raise LaunchError(f"{program} failed in {self.directory}:\n{said}\n{_advice(said)}")


def _advice(said: str) -> str:
    if "No space left on device" in said:
        return "The disk is full: free some space, or keep the data elsewhere with PARTNERBUS_DATA."
    if "ermission denied" in said:
        return "Give the user above access to that directory, or keep the data elsewhere with PARTNERBUS_DATA."
    return "If this machine cannot run its own PostgreSQL, set DATABASE_URL to one that runs elsewhere."


def _environment() -> dict[str, str]:
    # PGPORT, PGOPTIONS, PGSSLMODE and their like are meant for somebody else's server.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**inherited, "LC_ALL": "C", "TZ": "UTC"}
