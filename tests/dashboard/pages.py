"""What the tests of the status pages do and read."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test import Client

from integrations.sources.gate import set_gate
from integrations.sources.models import Source
from tenants.identifiers import uuid7
from tenants.models import Tenant

MakeSource = Callable[..., Source]
ClientOf = Callable[[str], Client]
HTMX = {"HX-Request": "true"}
FUTURE = datetime(2100, 1, 1, tzinfo=UTC)


def page_of(client: Client) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.content.decode()


def seen_on(client: Client, url: str) -> str:
    """Return the fingerprint in the form of a page: what whoever opens it now has seen."""
    found = re.search(r'name="seen" value="([^"]*)"', client.get(url).content.decode())
    assert found, url
    return found[1]


def save(client: Client, url: str, data: dict[str, Any], *, to: str = "", **more: Any) -> Any:
    """Open a form, fill it and send it."""
    return client.post(to or url, {"seen": seen_on(client, url)} | data, **more)


def title_of(page: str) -> str:
    found = re.search(r"<h1[^>]*>(?:<svg.*?</svg>)?(.*?)</h1>", page, re.S)
    assert found
    return found[1]


def store_event(tenant: Tenant, source: Source, kind: str = "order.created") -> str:
    """Store an event with its delivery as ingest does."""
    identifier = uuid7()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into event_types (name) values (%s)"
            " on conflict (name) do update set name = excluded.name returning id",
            [kind],
        )
        (type_id,) = cursor.fetchone()
        cursor.execute(
            "insert into events (id, environment_id, tenant_id, type_id, wire) values (%s, %s, %s, %s, '')",
            [identifier, source.environment_id, tenant.pk, type_id],
        )
        cursor.execute("insert into pending values (%s, %s)", [source.pk, identifier])
    return str(identifier)


def accepted(source: Source, ago: timedelta = timedelta()) -> None:
    with connection.cursor() as cursor:
        cursor.execute("insert into activity values (%s, now() - %s)", [source.pk, ago])


def bury(source: Source, number: int) -> None:
    """Make dead letters as the publisher does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into dead (source_id, event_id, at, code, tries, message)"
            " select %s, uuidv7(), now(), 0, 1, '' from generate_series(1, %s)",
            [source.pk, number],
        )


def lede_of(page: str) -> str:
    found = re.search(r'<p class="lede">(.*?)</p>', page, re.S)
    assert found
    return re.sub(r"<.*?>", "", found[1])


def change_gate(source: Source, **fields: Any) -> None:
    """Change what the gate is made of, as the sources' own code does."""
    Source.objects.filter(pk=source.pk).update(**fields)
    source.refresh_from_db()
    set_gate(source, source.environment)
