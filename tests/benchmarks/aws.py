"""The stub of AWS as the benchmarks see it: started, questioned, and told how to behave."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from launcher.configuration import ROOT
from launcher.ports import LOOPBACK
from launcher.processes import AWS_LEFT_OUT
from tests.benchmarks.results import Failed

REGION = "eu-west-1"
POLL_SECONDS = 0.005


@dataclass(frozen=True)
class Counts:
    """What the stub has accepted since it began. `entry_bytes` are the entries as they came over the wire."""

    calls: int
    accepted: int
    entry_bytes: int


class Aws:
    """The running stub."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.pid = process.pid
        self.port = port

    @property
    def environment(self) -> dict[str, str]:
        """What makes boto3 and Partnerbus take it for AWS."""
        url = f"http://{LOOPBACK}:{self.port}"
        return {
            **dict.fromkeys(AWS_LEFT_OUT, ""),
            "PARTNERBUS_SANDBOX": "0",
            "AWS_ENDPOINT_URL_EVENTBRIDGE": url,
            "AWS_ENDPOINT_URL_EVENTS": url,
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_ACCESS_KEY_ID": "111111111111",
            "AWS_SECRET_ACCESS_KEY": "benchmark",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def counts(self) -> Counts:
        return Counts(**json.loads(self._ask("GET", "/_stub")))

    @contextlib.contextmanager
    def behaving(self, **orders: Any) -> Iterator[None]:
        """Let it behave otherwise for a while: `latency` in seconds, `logging`, `skipping` (see the stub)."""
        self._ask("POST", "/_stub", json.dumps(orders).encode())
        try:
            yield
        finally:
            self._ask("POST", "/_stub", json.dumps({"latency": 0.0, "logging": False}).encode())

    def log(self) -> dict[str, float]:
        """Return when each event was first accepted since the last question (seconds since 1970)."""
        lines = self._ask("GET", "/_stub/log").decode().split("\n")
        times: dict[str, float] = {}
        for at, event in (line.split() for line in lines if line):
            times.setdefault(event, float(at))
        return times

    def wait_for(self, accepted: int, limit: float) -> None:
        """Wait until so many entries were accepted in all. Raises Failed after `limit` seconds."""
        deadline = time.monotonic() + limit
        while (now := self.counts().accepted) < accepted:
            if time.monotonic() > deadline:
                raise Failed(f"{accepted - now} events were not accepted within {limit:.0f} s")
            time.sleep(POLL_SECONDS)

    def _ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        connection = HTTPConnection(LOOPBACK, self.port, timeout=30)
        try:
            connection.request(method, path, body)
            return connection.getresponse().read()
        finally:
            connection.close()


@contextlib.contextmanager
def standing_in() -> Iterator[Aws]:
    """Start the stub in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.stub"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Aws(process, int(process.stdout.readline()))
        finally:
            process.kill()
