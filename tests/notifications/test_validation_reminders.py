"""Staff hear of the validation's date before it comes, of a moved one only as it is now."""

from datetime import datetime, timedelta

import pytest

from integrations.notifications.models import Message, Notice
from integrations.notifications.sweep import notice_what_happened
from integrations.notifications.texts import told
from integrations.onboarding.appointment import call_off, set_appointment
from integrations.onboarding.models import Appointment
from integrations.registration.models import Environment
from tenants.models import User
from tests.conftest import SYSTEM

DAY = timedelta(days=1)


@pytest.fixture
def manager() -> User:
    return User.objects.create_user("mia@example.com", staff_role="manager")


@pytest.fixture
def date(environment: Environment, now: datetime) -> Appointment:
    return agree(environment, now + 20 * DAY, now)


def agree(environment: Environment, starts_at: datetime, now: datetime) -> Appointment:
    return set_appointment(
        integration=environment.integration,
        starts_at=starts_at,
        time_zone="Europe/Berlin",
        minutes=60,
        place="Chime",
        note="",
        actor=SYSTEM,
        now=now,
    )


def test_each_reminder_is_told_once_to_those_who_lead(date: Appointment, manager: User, now: datetime) -> None:
    days = [now + 12 * DAY, now + 13 * DAY, now + 14 * DAY, now + 19 * DAY, date.starts_at - timedelta(minutes=50)]
    assert [notice_what_happened(now=day) for day in days] == [0, 1, 0, 1, 1]
    assert Message.objects.filter(user=manager, channel="email").count() == 3


def test_who_swept_nothing_for_days_tells_only_the_last(date: Appointment, manager: User, now: datetime) -> None:
    assert notice_what_happened(now=date.starts_at - timedelta(minutes=30)) == 1
    words = told(Notice.objects.get(), manager)
    assert "Europe/Berlin" in words.title
    assert "rehearsal" not in words.text
    assert words.url.endswith("/validation")


def test_a_week_before_the_rehearsal_of_an_expiry_is_due(date: Appointment, manager: User, now: datetime) -> None:
    notice_what_happened(now=now + 13 * DAY)
    assert "Begin the rehearsal" in told(Notice.objects.get(), manager).text


def test_a_date_that_is_called_off_or_over_reminds_nobody(
    date: Appointment, environment: Environment, now: datetime
) -> None:
    call_off(appointment=date, actor=SYSTEM, now=now)
    assert notice_what_happened(now=now + 19 * DAY) == 0
    moved = agree(environment, now + 30 * DAY, now)
    assert notice_what_happened(now=moved.starts_at + DAY) == 0
