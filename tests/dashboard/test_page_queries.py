"""How many queries each page asks, recorded: a page that asks another number fails until somebody has seen it."""

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.seed.filling import fill
from dashboard.seed.plan import Plan
from integrations.onboarding.stages import begin_integration
from integrations.registration.integrations import EnvironmentSettings
from tenants.audit import Actor
from tenants.models import User
from tests.benchmarks.page_list import pages
from tests.events.conftest import committed
from tests.events.past import execute, past

__all__ = ["committed"]  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)
MOST = 12
RECORD = Path(__file__).with_name("recorded_queries.json")
# `RECORD_QUERIES=1 pytest tests/dashboard/test_page_queries.py` writes what it counts.
WRITES = os.environ.get("RECORD_QUERIES") == "1"


@pytest.fixture
def client(committed: None) -> Iterator[Client]:
    """A small seed, an integration on its way through AWS's stages, and somebody of operations."""
    with past():
        fill(Plan(tenants=100, sources=200, events=3_000, changes=4), io.StringIO())
        settings = EnvironmentSettings("test", "aws.partner/kestrel.example.com.test", "111111111111", ["eu-west-1"])
        begin_integration(
            slug="kestrel", name="Kestrel", environments=[settings], actor=Actor.system("test"), now=timezone.now()
        )
        client = Client()
        client.force_login(User.objects.create_user("ops@example.com", staff_role="operations"))
        yield client
        execute("truncate rollups, rollup_failures")


def test_every_page_asks_as_many_queries_as_are_recorded_and_never_more_than_twelve(client: Client) -> None:
    found = {name: asked for name, path in pages() if (asked := _asked(client, path)) is not None}
    assert {name: asked for name, asked in found.items() if asked > MOST} == {}
    steady = {name: asked for name, asked in found.items() if not _walks(name)}
    if WRITES:
        RECORD.write_text(json.dumps(steady, indent=1, sort_keys=True) + "\n")
    assert steady == json.loads(RECORD.read_text())


def _walks(name: str) -> bool:
    """Return whether a list has to walk for its rows: how far depends on the hour at which the seed was made."""
    return "state=" in name and ("/events?" in name or "/deliveries?" in name)


def _asked(client: Client, path: str) -> int | None:
    """Return the queries of a page with every cache empty, None for what is no page. What a process keeps, it has."""
    answer = client.get(path)
    if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
        return None
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")) for query in queries)
