"""Reading reminders of the validation's date: a week before, a day, an hour."""

from collections.abc import Iterator
from datetime import timedelta

from integrations.notifications.kinds import Kind
from integrations.notifications.occurrence import Occurrence
from integrations.onboarding.appointment import spoken
from integrations.onboarding.models import Reminder

DAY = timedelta(days=1)


def dates_that_come(reminders: list[Reminder]) -> Iterator[Occurrence]:
    """Yield of each date the latest of its due reminders: after a time without the sweep people are told once."""
    latest = {reminder.appointment_id: reminder for reminder in reminders}  # they come by their moments
    for reminder in latest.values():
        appointment = reminder.appointment
        facts = {
            "product": appointment.integration.name,
            "starts": spoken(appointment),
            "place": appointment.place,
            "days": timedelta(minutes=reminder.minutes_before) // DAY,
            "integration_id": str(appointment.integration.public_id),
        }
        yield Occurrence(Kind.VALIDATION, f"validation-reminder:{reminder.pk}", reminder.due_at, facts=facts)
