"""The demo's events: real GitHub webhooks, as a provider's backend would post them.

`events.ndjson` is taken from the npm package @octokit/webhooks-examples 7.6.1 (MIT licence, Gregor Martynus and
contributors), e-mail addresses replaced; one event a line, each with an id, so that posting again changes nothing.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import uuid4

import msgspec
import psycopg
from django.db import connection

from dashboard.demo import DemoRefused
from dashboard.demo.backend import note_use
from integrations.events.ingest import store_events
from integrations.registration.models import Environment

FILE = Path(__file__).parent / "events.ndjson"
BORROWED = 8  # events of a tenant that has none of its own in the file


class _Line(msgspec.Struct):
    tenant: str
    type: str
    id: str
    detail: msgspec.Raw


def post_events(environment: Environment, tenant: str, *, now: datetime) -> None:
    """Store the tenant's first events, the same ones each time. Raises DemoRefused if one is not taken."""
    _store(environment, list(_first_of(tenant)), now)


def post_any(environment: Environment, tenants: Sequence[str], *, now: datetime) -> None:
    """Store one event for each of these tenants: any of the file, as if it had happened now. Raises DemoRefused."""
    choice = random.Random()  # noqa: S311 - which event it is means nothing
    _store(environment, [_written(choice.choice(_file()), tenant, str(uuid4())) for tenant in tenants], now)


def _store(environment: Environment, bodies: list[bytes], now: datetime) -> None:
    connection.ensure_connection()
    raw = connection.connection
    assert isinstance(raw, psycopg.Connection)
    for result in store_events(raw, environment, bodies, now):
        if result.status == "rejected":
            raise DemoRefused(f"The demo's event {result.id or result.index} was refused: {result.message}")
    note_use(environment, now)


def _first_of(tenant: str) -> Iterator[bytes]:
    own = [line for line in _file() if line.tenant == tenant]
    if own:
        yield from (_written(line, tenant, line.id) for line in own)
    else:
        yield from (_written(line, tenant, f"{tenant}-{line.id}") for line in _file()[:BORROWED])


def _written(line: _Line, tenant: str, identifier: str) -> bytes:
    return msgspec.json.encode(_Line(tenant, line.type, identifier, line.detail))


@cache
def _file() -> list[_Line]:
    return [msgspec.json.decode(line, type=_Line) for line in FILE.read_bytes().splitlines()]
