"""A private Partnerbus with the stub as its AWS: everything on, durable, and on a real disk."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from launcher import accounts, stack
from launcher.configuration import ROOT
from launcher.stack import Stack
from tests.benchmarks import processor_time
from tests.benchmarks.aws import Aws
from tests.benchmarks.results import Failed

PLACES = (ROOT / ".cache", Path("/var/lib"), Path(tempfile.gettempdir()))
# AWS's quota of calls per second is lifted: the stub has none, and the baselines keep to none either.
UNPACED = {"PARTNER_CALLS_PER_SECOND": "0"}
RECORDING_LIMIT = 120.0  # seconds from the last post to its recorded acceptance
POLL_SECONDS = 0.005
QUEUES_EMPTY = "select not exists (select from pending) and not exists (select from retry)"
RECORDED = "select count(*) from attempts where code = 0 and at >= %s"


@dataclass(frozen=True)
class Installation:
    """A running private stack and the stub that it takes for AWS."""

    stack: Stack
    aws: Aws

    @property
    def address(self) -> str:
        """Host and port of the web."""
        return urlsplit(self.stack.web_url).netloc

    @property
    def environment(self) -> dict[str, str]:
        return self.stack.environment

    def run(self, module: str, *arguments: str) -> Any:
        """Run `python -m MODULE` on this installation and return the JSON that it prints. Raises Failed."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise Failed(f"{module} failed; its words stand above")
        return json.loads(done.stdout)

    def connect(self) -> psycopg.Connection:
        """Return an autocommit connection of the benchmark's own."""
        return psycopg.connect(self.environment["DATABASE_URL"], autocommit=True)

    def call(self, key: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the HTTP API and return its JSON. Raises Failed for a refusal."""
        connection = HTTPConnection(self.address, timeout=60)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        try:
            connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if not 200 <= response.status < 300:
            raise Failed(f"{method} {path} was answered {response.status}: {content[:500]!r}")
        return json.loads(content)

    def processor_seconds(self) -> dict[str, float]:
        """Return what each part has used so far."""
        pids = {**self.stack.status["pids"], "stub": self.aws.pid}
        return {name: processor_time.of_tree(pid) for name, pid in pids.items()}

    def wait_until_recorded(self, connection: psycopg.Connection) -> float:
        """Wait until no delivery waits any more and return the moment at which that was seen (monotonic seconds).

        Raises Failed after two minutes.
        """
        deadline = time.monotonic() + RECORDING_LIMIT
        while connection.execute(QUEUES_EMPTY).fetchone() != (True,):
            if time.monotonic() > deadline:
                raise Failed(f"deliveries still waited {RECORDING_LIMIT:.0f} s after the last post")
            time.sleep(POLL_SECONDS)
        return time.monotonic()


def recorded_since(connection: psycopg.Connection, moment: Any) -> int:
    """Return how many acceptances were recorded since a moment of the database's clock."""
    row = connection.execute(RECORDED, [moment]).fetchone()
    assert row is not None
    return int(row[0])


def database_time(connection: psycopg.Connection) -> Any:
    """Return the database's clock."""
    row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


@contextlib.contextmanager
def running(aws: Aws, data: Path | None = None, settings: Mapping[str, str] | None = None) -> Iterator[Installation]:
    """Start a stack on `data`, which stays, or on a directory of its own, which goes.

    Raises LaunchError with the supervisor's words when it does not come up.
    """
    with contextlib.ExitStack() as later:
        if data is None:
            parent = Path(tempfile.mkdtemp(prefix="benchmark-", dir=place()))
            parent.chmod(0o711)  # the servers' account has to pass
            later.callback(shutil.rmtree, parent, ignore_errors=True)
            data = parent / "data"
        environment = {**aws.environment, **UNPACED, **(settings or {})}
        yield Installation(later.enter_context(stack.running(data, environment)), aws)


def place() -> Path:
    """Return a directory on a real disk that the database's account can reach."""
    account = accounts.for_servers()
    (ROOT / ".cache").mkdir(exist_ok=True)
    return next(path for path in PLACES if os.access(path, os.W_OK) and accounts.can_reach(path, account))
