"""The validation's date: wall clocks, moving it, its reminders and its calendar file."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from integrations.onboarding.appointment import (
    appointment_of,
    call_off,
    mark_told,
    reminders_due,
    set_appointment,
    spoken,
)
from integrations.onboarding.calendar_file import calendar_file
from integrations.onboarding.models import Appointment, TimelineEntry
from integrations.onboarding.wall_clock import moment_of, zone_names
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor
from tenants.models import AuditEntry
from tests.onboarding.conftest import NOW

ANNE = Actor.system("anne@example.com")
STARTS = NOW + timedelta(days=20)
URL = "https://events.example.com/onboarding/orders/validation"


def agree(integration: Integration, starts_at: datetime = STARTS, **fields: object) -> Appointment:
    wanted: dict[str, object] = {"time_zone": "Europe/Berlin", "minutes": 60, "place": "", "note": ""} | fields
    return set_appointment(integration=integration, starts_at=starts_at, actor=ANNE, now=NOW, **wanted)  # type: ignore[arg-type]


def test_a_wall_clock_in_a_time_zone_is_one_moment() -> None:
    assert moment_of(datetime(2027, 1, 15, 9, 30), "Europe/Berlin") == datetime(2027, 1, 15, 8, 30, tzinfo=UTC)  # noqa: DTZ001
    assert moment_of(datetime(2027, 7, 15, 9, 30), "Europe/Berlin") == datetime(2027, 7, 15, 7, 30, tzinfo=UTC)  # noqa: DTZ001
    assert moment_of(datetime(2027, 1, 15, 9, 30), "Asia/Kolkata") == datetime(2027, 1, 15, 4, 0, tzinfo=UTC)  # noqa: DTZ001


def test_a_time_that_the_clocks_leave_out_is_refused_with_another_one() -> None:
    with pytest.raises(Problem, match=r"put forward, and there is no 02:30\. Choose another time, for example 03:30"):
        moment_of(datetime(2027, 3, 28, 2, 30), "Europe/Berlin")  # noqa: DTZ001


def test_of_a_time_that_comes_twice_people_say_which_one() -> None:
    local = datetime(2027, 10, 31, 2, 30)  # noqa: DTZ001
    with pytest.raises(Problem, match="comes twice: first at 00:30 UTC, then at 01:30 UTC"):
        moment_of(local, "Europe/Berlin")
    assert moment_of(local, "Europe/Berlin", second=False) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert moment_of(local, "Europe/Berlin", second=True) == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Europe/Berlin\0"])
def test_an_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(Problem, match="is not a time zone"):
        moment_of(datetime(2027, 1, 15, 9, 30), name)  # noqa: DTZ001
    assert "Europe/Berlin" in zone_names()


def test_a_date_has_reminders_and_a_line_in_the_timeline(integration: Integration) -> None:
    appointment = agree(integration)
    due = [reminder.due_at for reminder in appointment.reminders.all()]
    assert due == [STARTS - timedelta(days=7), STARTS - timedelta(days=1), STARTS - timedelta(hours=1)]
    assert TimelineEntry.objects.get(title__startswith="The validation is set to").stage == 3
    assert "Europe/Berlin" in spoken(appointment)
    assert appointment_of(integration) == appointment


def test_the_same_date_again_changes_nothing_and_another_one_replaces_reminders(integration: Integration) -> None:
    agree(integration)
    assert agree(integration).sequence == 0
    moved = agree(integration, STARTS + timedelta(days=1))
    assert moved.sequence == 1
    assert moved.reminders.count() == 3
    assert AuditEntry.objects.filter(action="appointment:set").count() == 2


def test_reminders_that_would_be_overdue_already_are_not_made(integration: Integration) -> None:
    assert agree(integration, NOW + timedelta(hours=30)).reminders.count() == 2


def test_due_reminders_are_told_once_and_not_after_the_beginning(integration: Integration) -> None:
    agree(integration)
    assert not reminders_due(NOW).exists()
    due = list(reminders_due(STARTS - timedelta(days=1)))
    assert [reminder.minutes_before for reminder in due] == [7 * 24 * 60, 24 * 60]
    assert mark_told(reminders=due, now=NOW) == 2
    assert mark_told(reminders=due, now=NOW) == 0
    assert not reminders_due(STARTS - timedelta(days=1)).exists()
    assert reminders_due(STARTS - timedelta(minutes=30)).count() == 1
    assert not reminders_due(STARTS).exists()


def test_a_date_called_off_reminds_nobody(integration: Integration) -> None:
    off = call_off(appointment=agree(integration), actor=ANNE, now=NOW)
    call_off(appointment=off, actor=ANNE, now=NOW)
    assert appointment_of(integration) is None
    assert not reminders_due(STARTS - timedelta(minutes=30)).exists()
    assert agree(integration).sequence == 2


@pytest.mark.parametrize(
    "wrong",
    [{"starts_at": NOW}, {"minutes": 4}, {"minutes": 481}, {"place": "x" * 501}, {"note": "x" * 5_001}, {"note": "\0"}],
)
def test_a_date_that_cannot_be_is_refused(integration: Integration, wrong: dict[str, object]) -> None:
    with pytest.raises(Problem):
        agree(integration, **wrong)


def test_the_calendar_file_says_what_was_agreed(integration: Integration) -> None:
    place = "Chime; room 4, \\ 你好 👩‍👩‍👧 " + "long " * 30
    appointment = agree(integration, place=place, note="Bring:\n- the demo\r\n- tea\x07, biscuits")
    content = calendar_file(appointment, URL)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")

    event = icalendar.Calendar.from_ical(content).walk("VEVENT")[0]
    assert event["UID"] == f"{appointment.public_id}@partnerbus"
    assert event.decoded("DTSTART") == STARTS
    assert event.decoded("DTEND") == STARTS + timedelta(minutes=60)
    assert str(event["SUMMARY"]) == "EventBridge validation: Orders"
    assert str(event["LOCATION"]) == place
    assert str(event["DESCRIPTION"]).endswith("Bring:\n- the demo\n- tea, biscuits")
    assert (event["SEQUENCE"], str(event["STATUS"]), str(event["URL"])) == (0, "CONFIRMED", URL)
    assert len(event.walk("VALARM")) == 1


def test_the_calendar_file_of_a_date_called_off_takes_it_out(integration: Integration) -> None:
    off = call_off(appointment=agree(integration), actor=ANNE, now=NOW)
    calendar = icalendar.Calendar.from_ical(calendar_file(off, URL))
    event = calendar.walk("VEVENT")[0]
    assert (str(calendar["METHOD"]), str(event["STATUS"]), event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 1)
