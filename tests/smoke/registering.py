"""The provider's set-up: an integration and a key by command, tenants and their sources by the HTTP API."""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from launcher.configuration import ROOT
from launcher.stack import Stack
from tests.smoke import BrokenOff
from tests.smoke.backend import Backend, Source

REGIONS = ("eu-west-1", "us-east-1")
NAMESPACE = "aws.partner/smoke.example.com.test"
PUBLISHER = "111111111111"
FIRST_ACCOUNT = 200_000_000_000
THREADS = 8


def registered_backend(stack: Stack) -> Backend:
    """Register an integration and return its backend, which has a key. Raises BrokenOff."""
    aws = ["--test-namespace", NAMESPACE, "--publisher-account", PUBLISHER, "--regions", ",".join(REGIONS)]
    _manage(stack, "create_integration", "smoke", "Smoke", *aws)
    return Backend(stack.web_url, _manage(stack, "create_key", "smoke", "test", "backend")["key"])


def offered_sources(backend: Backend, tenants: Sequence[str]) -> list[Source]:
    """Put the tenants and offer each a source in every region, to an AWS account of its own. Raises BrokenOff."""
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(backend.put_tenant, tenants))
        offers = [
            pool.submit(backend.offer_source, tenant, str(FIRST_ACCOUNT + number), region)
            for number, tenant in enumerate(tenants)
            for region in REGIONS
        ]
        return [offer.result() for offer in offers]


def _manage(stack: Stack, *arguments: str) -> Any:
    command = [sys.executable, "manage.py", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BrokenOff(f"manage.py {arguments[0]} failed:\n{done.stderr.strip()}")
    return json.loads(done.stdout)
