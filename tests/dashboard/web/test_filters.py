from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import RequestFactory
from django.utils import timezone

from dashboard.web import filters
from dashboard.web.filters import Asked, Filters, Sort

STATES = (("active", "Connected"), ("pending", "Waiting"))
LIST = Filters(
    filters=(filters.search("Name"), filters.choice("state", "State", STATES), filters.day("since", "From")),
    sorts=(Sort("at", ("-at", "-id")), Sort("name", ("name", "id"))),
)


def asked_by(query: str) -> Asked:
    return LIST.read(RequestFactory().get(f"/things?{query}"))


def test_what_is_applied_is_a_sentence_and_an_address_without_it() -> None:
    asked = asked_by("q=birch&state=pending&after=xyz")
    assert [(chip.text, chip.without) for chip in asked.chips] == [
        ("“birch”", "/things?state=pending"),
        ("State is Waiting", "/things?q=birch"),
    ]


@pytest.mark.parametrize(
    "query", ["", "state=nonsense", "since=yesterday", "since=9999-99-99", "q=%00", "sort=x", "z=1"]
)
def test_what_is_not_offered_is_not_asked(query: str) -> None:
    asked = asked_by(query)
    assert asked.chips == []
    assert asked.url() == "/things"
    assert asked.sort.name == "at"


def test_sorting_turns_around_at_the_second_press_and_stays_with_the_filters() -> None:
    assert asked_by("q=a").sort_link("name").url == "/things?q=a&sort=name"
    asked = asked_by("q=a&sort=name")
    assert asked.sort.fields == ("name", "id")
    assert asked.carried == [("sort", "name")]
    link = asked.sort_link("name")
    assert (link.url, link.current, link.direction) == ("/things?q=a&sort=-name", True, "ascending")
    assert asked_by("sort=-name").sort.fields == ("-name", "-id")


def test_a_day_begins_where_the_reader_is() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        asked = asked_by("since=2026-11-23")
        assert asked.start_of("since") == datetime(2026, 11, 22, 15, tzinfo=UTC)
        assert asked.end_of("since") == datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert asked_by("").start_of("since") is None


def test_the_file_is_what_is_filtered() -> None:
    asked = asked_by("q=a&sort=name&after=xyz&format=csv")
    assert asked.wants_csv
    assert asked.csv_url == "/things?q=a&sort=name&format=csv"
