import base64
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from dashboard.web.filters import Filters, Sort
from dashboard.web.keyset import CursorInvalid, every, keyset_page
from dashboard.web.paging import page_of
from tenants.models import AuditEntry

NEWEST = ("-at", "-id")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOUN = ("entry", "entries")
LIST = Filters(filters=(), sorts=(Sort("at", NEWEST),))

pytestmark = pytest.mark.django_db


def write(number: int) -> list[int]:
    """Entries of which three each have the same moment; returns their keys, newest first."""
    entries = [
        AuditEntry(at=NOON - timedelta(seconds=place // 3), action="a:b", actor_kind="system", actor_label="x")
        for place in range(number)
    ]
    AuditEntry.objects.bulk_create(entries)
    return [entry.pk for entry in sorted(entries, key=lambda entry: (entry.at, entry.pk), reverse=True)]


@pytest.mark.parametrize("size", [1, 2, 4, 10, 11])
def test_pages_show_every_row_once_also_among_equals(size: int) -> None:
    keys = write(10)
    seen, cursor = [], ""
    while True:
        stretch = keyset_page(AuditEntry.objects.all(), NEWEST, cursor, size)
        seen += [entry.pk for entry in stretch.rows]
        cursor = stretch.older
        if not cursor:
            break
    assert seen == keys


def test_rows_that_are_written_meanwhile_move_nothing() -> None:
    keys = write(6)
    first = keyset_page(AuditEntry.objects.all(), NEWEST, "", 3)
    AuditEntry.objects.create(at=NOON + timedelta(1), action="a:b", actor_kind="system", actor_label="x")
    second = keyset_page(AuditEntry.objects.all(), NEWEST, first.older, 3)
    assert [entry.pk for entry in second.rows] == keys[3:]


def test_a_file_is_read_in_bounded_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = write(7)
    monkeypatch.setattr("dashboard.web.keyset.CHUNK", 3)
    with CaptureQueriesContext(connection) as queries:
        assert [entry.pk for entry in every(AuditEntry.objects.all(), NEWEST)] == keys
    assert len(queries) == 3


FORGED = (b"[1]", b"{}", b"[null,1]", b'[{"at":1},2]', b'["\\u0000",1]', b"[" * 5_000)


@pytest.mark.parametrize("forged", ["x", "%%%", "é", *(base64.urlsafe_b64encode(text).decode() for text in FORGED)])
def test_a_cursor_that_was_not_made_here_leads_to_the_first_page(forged: str) -> None:
    keys = write(2)
    with pytest.raises(CursorInvalid):
        keyset_page(AuditEntry.objects.all(), NEWEST, forged, 5)
    page = page_of(LIST.read(RequestFactory().get("/", {"after": forged})), AuditEntry.objects.all(), noun=NOUN)
    assert [entry.pk for entry in page.rows] == keys


def test_a_short_list_is_counted_and_a_long_one_estimated_without_looking() -> None:
    write(3)
    assert page_of(LIST.read(RequestFactory().get("/")), AuditEntry.objects.all(), noun=NOUN).count_text == "3 entries"
    with CaptureQueriesContext(connection) as queries:
        page = page_of(LIST.read(RequestFactory().get("/")), AuditEntry.objects.all(), noun=NOUN, size=2)
    assert page.count_text.startswith("about ")
    assert page.older_url.startswith("/?after=")
    assert not any("count(" in query["sql"].lower() for query in queries)
