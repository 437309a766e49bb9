"""What an event is, and what is refused where it is made."""

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from partnerbus_client import Event

AN_ID = UUID("01a20917-63ba-7000-842e-ee468b23f2ef")


def posted(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.body)
    return found


def test_an_event_is_posted_as_the_api_wants_it() -> None:
    time = datetime(2026, 11, 23, 9, 30, tzinfo=timezone.utc)
    event = Event("alder", "order.created", {"total": 12}, id="order-1", time=time, resources=["urn:order:1"])
    assert posted(event) == {
        "tenant": "alder",
        "type": "order.created",
        "id": "order-1",
        "time": "2026-11-23T09:30:00+00:00",
        "resources": ["urn:order:1"],
        "detail": {"total": 12},
    }


def test_what_is_left_out_is_not_posted() -> None:
    assert set(posted(Event("alder", "order.created", {}))) == {"tenant", "type", "id", "detail"}


def test_every_event_gets_an_id_of_its_own() -> None:
    one, other = Event("alder", "a", {}), Event("alder", "a", {})
    assert one.id != other.id
    assert posted(one)["id"] == posted(one)["id"] == one.id


def test_text_travels_byte_for_byte() -> None:
    text = '{ "total": 12.50,\n "big": 123456789012345678901234567890, "z": 1, "a": "\\u00e4ä" }'
    assert Event("alder", "a", text).body.endswith(b'"detail":' + text.encode() + b"}")


def test_integers_of_any_length_are_json() -> None:
    text = '{"n": ' + "9" * 5_000 + "}"
    assert Event("alder", "a", text).detail == text


def test_a_decimal_stays_a_number_of_the_same_digits() -> None:
    detail = {"total": Decimal("12.50"), "tiny": Decimal("1E-7"), "list": [Decimal("3")], "text": "12.50"}
    assert Event("alder", "a", detail).detail == '{"total":12.50,"tiny":1E-7,"list":[3],"text":"12.50"}'


def test_dates_times_and_uuids_become_text() -> None:
    detail = {"day": date(2026, 11, 23), "at": datetime(2026, 11, 23, tzinfo=timezone.utc), "id": AN_ID}
    assert json.loads(Event("alder", "a", detail).detail) == {
        "day": "2026-11-23",
        "at": "2026-11-23T00:00:00+00:00",
        "id": str(AN_ID),
    }


def test_changing_the_detail_afterwards_changes_nothing() -> None:
    detail = {"total": 1}
    event = Event("alder", "a", detail)
    detail["total"] = 2
    assert posted(event)["detail"] == {"total": 1}


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (("", "a", {}), {}),
        (("x" * 129, "a", {}), {}),
        (("al\x00der", "a", {}), {}),
        (("alder", "", {}), {}),
        (("alder", "t" * 129, {}), {}),
        (("alder", "line\nbreak", {}), {}),
        (("alder", "a", "[]"), {}),
        (("alder", "a", "{"), {}),
        (("alder", "a", '{"n": NaN}'), {}),
        (("alder", "a", {"n": float("inf")}), {}),
        (("alder", "a", {"n": Decimal("NaN")}), {}),
        (("alder", "a", {"half": "\ud800"}), {}),
        (("alder", "a", '{"a":' * 200_000), {}),
        (("alder", "a", {}), {"id": ""}),
        (("alder", "a", {}), {"id": "has space"}),
        (("alder", "a", {}), {"id": "x" * 129}),
        (("alder", "a", {}), {"time": datetime(2026, 11, 23)}),  # noqa: DTZ001 - that is the mistake
        (("alder", "a", {}), {"resources": ["half \udc00"]}),
    ],
)
def test_what_partnerbus_would_reject_is_refused_at_once(arguments: Any, options: Any) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].+\."):
        Event(*arguments, **options)


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((42, "a", {}), {}),
        (("alder", 42, {}), {}),
        (("alder", "a", ["no mapping"]), {}),
        (("alder", "a", {"set": {1}}), {}),
        (("alder", "a", {}), {"id": 42}),
        (("alder", "a", {}), {"resources": "one text"}),
        (("alder", "a", {}), {"resources": [1]}),
    ],
)
def test_other_types_are_refused_at_once(arguments: Any, options: Any) -> None:
    with pytest.raises(TypeError, match=r"^[A-Z].+\."):
        Event(*arguments, **options)


def test_a_time_keeps_its_zone_and_microseconds() -> None:
    time = datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert posted(Event("alder", "a", {}, time=time))["time"] == "2026-11-23T09:30:00.123456+05:30"
