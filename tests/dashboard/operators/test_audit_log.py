import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants import audit
from tenants.audit import Actor
from tenants.models import AuditEntry
from tests.dashboard.cast import Cast
from tests.dashboard.pages import ClientOf

PATH = "/operators/audit-log"


@pytest.fixture
def support(client_of: ClientOf) -> Client:
    return client_of("support")


def record(cast: Cast, who: str = "support", **changed: Any) -> None:
    person = cast.people[who]
    assert person
    entry = {"action": "source:pause", "object_type": "source", "object_id": "s-1", "tenant": cast.alder} | changed
    audit.record(actor=Actor.person(person), at=timezone.now(), **entry)


def page(client: Client, **query: str) -> str:
    answer = client.get(PATH, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_line_says_who_did_what_to_whose_and_what_it_changed(support: Client, cast: Cast) -> None:
    record(cast, before={"desired": "present", "label": "a"}, after={"desired": "paused", "label": "a"})
    shown = page(support, type="source")
    assert "Pause source" in shown
    assert "of Alder" in shown
    assert "support@example.com" in shown
    assert "<dt>desired</dt><dd><del>present</del> paused</dd>" in shown
    assert "<dt>label</dt>" not in shown


def test_people_are_found_by_how_their_name_begins_and_objects_by_their_id(support: Client, cast: Cast) -> None:
    identifier = str(cast.alder.public_id)
    record(cast, who="support", object_id=identifier, action="source:first")
    record(cast, who="operations", action="source:second")
    by_name = page(support, q="OPERA")
    assert "Second source" in by_name
    assert "First source" not in by_name
    by_id = page(support, q=identifier, type="source")
    assert "First source" in by_id
    assert "Second source" not in by_id


def test_a_filter_that_nothing_fits_says_how_to_go_on(support: Client) -> None:
    shown = page(support, q="nobody")
    assert "Nothing matches" in shown
    assert f'href="{PATH}">Show all entries' in shown


def test_what_is_filtered_is_sent_as_a_file(support: Client, cast: Cast) -> None:
    record(cast, object_id="=cmd()", after={"a": 1})
    answer = support.get(PATH, {"type": "source", "format": "csv"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(b"".join(answer).decode()))
    assert (row["actor"], row["action"], row["object_id"]) == ("support@example.com", "source:pause", "'=cmd()")


def test_what_somebody_wrote_is_text_and_never_markup(support: Client, cast: Cast) -> None:
    record(cast, after={"<b>": "<script>alert(1)</script>"}, object_id="<img>")
    shown = page(support)
    for markup in ("<b>:", "<dt><b>", "<script>alert", "<img>"):
        assert markup not in shown


@pytest.mark.parametrize("size", [1, 120])
def test_the_page_asks_at_most_seven_questions_whatever_the_size(size: int, support: Client, cast: Cast) -> None:
    entry = {"action": "a:b", "actor_kind": "system", "actor_label": "x", "tenant_id": cast.alder.pk}
    AuditEntry.objects.bulk_create(AuditEntry(at=timezone.now(), **entry) for _ in range(size))
    page(support)
    with CaptureQueriesContext(connection) as queries:
        page(support)
    assert len(queries) <= 7, [query["sql"][:80] for query in queries]
