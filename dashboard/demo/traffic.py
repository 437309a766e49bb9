"""The demo's events: real GitHub webhooks, as a provider's backend would post them.

`events.ndjson` is taken from the npm package @octokit/webhooks-examples 7.6.1 (MIT licence, Gregor Martynus and
contributors), e-mail addresses replaced; one event a line, each with an id, so that posting again changes nothing.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import psycopg
from django.db import connection

from dashboard.demo import DemoRefused
from integrations.events.ingest import store_events, wake_publisher
from integrations.registration.models import Environment

FILE = Path(__file__).parent / "events.ndjson"


class _Line(msgspec.Struct):
    tenant: str


def post_events(environment: Environment, tenant: str, *, now: datetime) -> None:
    """Store the tenant's events of the file. Raises DemoRefused if one is not taken."""
    connection.ensure_connection()
    raw = connection.connection
    assert isinstance(raw, psycopg.Connection)
    for result in store_events(raw, environment, list(_lines(tenant)), now):
        if result.status == "rejected":
            raise DemoRefused(f"The demo's event {result.id or result.index} of {tenant} was refused: {result.message}")
    wake_publisher(raw)


def _lines(tenant: str) -> Iterator[bytes]:
    for line in FILE.read_bytes().splitlines():
        if msgspec.json.decode(line, type=_Line).tenant == tenant:
            yield line
