"""The validation's date: agreeing on it, moving it, calling it off, and the reminders that go before it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from integrations.onboarding.audit_lines import record_of
from integrations.onboarding.models import Appointment, Reminder
from integrations.onboarding.timeline import Kind, tell
from integrations.onboarding.wall_clock import zone_of
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor

STAGE = 3
# Expiry is rehearsed a week before, because AWS takes days to let an offer expire.
REMINDERS = (timedelta(days=7), timedelta(days=1), timedelta(hours=1))
SHORTEST, LONGEST = 5, 480  # minutes
PLACE_LENGTH = 500
LONGEST_NOTE = 5_000


def set_appointment(
    *,
    integration: Integration,
    starts_at: datetime,
    time_zone: str,
    minutes: int,
    place: str,
    note: str,
    actor: Actor,
    now: datetime,
) -> Appointment:
    """Agree on a date, or move it; the same again changes nothing. Reminders follow, those overdue already do not.

    Raises Problem 422 `appointment_invalid`, `time_zone_unknown`.
    """
    zone_of(time_zone)
    _check(starts_at, minutes, place, note, now)
    wanted = {"starts_at": starts_at, "time_zone": time_zone, "minutes": minutes, "place": place, "note": note}
    with transaction.atomic():
        Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)
        appointment = Appointment.objects.filter(integration=integration).first()
        before = _facts(appointment) if appointment and appointment.called_off_at is None else None
        if appointment is not None:
            if before and all(getattr(appointment, name) == value for name, value in wanted.items()):
                return appointment
            appointment.sequence += 1
        else:
            appointment = Appointment(integration=integration)
        for name, value in wanted.items():
            setattr(appointment, name, value)
        appointment.called_off_at, appointment.changed_at, appointment.changed_by = None, now, actor.label[:200]
        appointment.save()
        _set_reminders(appointment, now)
        verb = "moved" if before else "set"
        _tell(appointment, f"The validation is {verb} to {spoken(appointment)}", actor, now)
        record_of(integration, "appointment:set", actor, now, before=before, after=_facts(appointment))
    return appointment


def call_off(*, appointment: Appointment, actor: Actor, now: datetime) -> Appointment:
    """Call the date off, with its reminders; again changes nothing."""
    with transaction.atomic():
        current = Appointment.objects.select_for_update().select_related("integration").get(pk=appointment.pk)
        if current.called_off_at is not None:
            return current
        before = _facts(current)
        current.called_off_at, current.changed_at, current.changed_by = now, now, actor.label[:200]
        current.sequence += 1
        current.save()
        current.reminders.all().delete()
        _tell(current, "The validation's date is called off", actor, now)
        record_of(current.integration, "appointment:call_off", actor, now, before=before)
    return current


def appointment_of(integration: Integration) -> Appointment | None:
    """Return the date that stands, or None."""
    return Appointment.objects.filter(integration=integration, called_off_at=None).first()


def reminders_due(now: datetime) -> QuerySet[Reminder]:
    """Return what people are to be told now, with appointment and integration: what notifications read.

    A reminder whose appointment has begun is not told any more.
    """
    waiting = Reminder.objects.filter(told_at=None, due_at__lte=now, appointment__starts_at__gt=now)
    return waiting.select_related("appointment__integration").order_by("due_at")


def mark_told(*, reminders: Sequence[Reminder], now: datetime) -> int:
    """Write down that people were told, and return of how many reminders that was new."""
    return Reminder.objects.filter(pk__in=[each.pk for each in reminders], told_at=None).update(told_at=now)


def spoken(appointment: Appointment) -> str:
    """Return the moment as people agreed on it, and in UTC."""
    local = appointment.starts_at.astimezone(zone_of(appointment.time_zone))
    return f"{local:%A, %d %B %Y, %H:%M} {appointment.time_zone} ({appointment.starts_at:%H:%M} UTC)"


def _check(starts_at: datetime, minutes: int, place: str, note: str, now: datetime) -> None:
    if starts_at <= now:
        raise _invalid("This moment is over. Choose one that is still to come.")
    if not SHORTEST <= minutes <= LONGEST:
        raise _invalid(f"A validation takes {SHORTEST} to {LONGEST} minutes, not {minutes}.")
    if len(place) > PLACE_LENGTH or len(note) > LONGEST_NOTE or "\0" in place + note:
        raise _invalid(
            f"Write the place in at most {PLACE_LENGTH} characters and the note in at most {LONGEST_NOTE:,}."
        )


def _invalid(detail: str) -> Problem:
    return Problem(422, "appointment_invalid", detail)


def _set_reminders(appointment: Appointment, now: datetime) -> None:
    appointment.reminders.all().delete()
    for before in REMINDERS:
        due_at = appointment.starts_at - before
        if due_at > now:
            minutes = int(before.total_seconds()) // 60
            Reminder.objects.create(appointment=appointment, minutes_before=minutes, due_at=due_at)


def _facts(appointment: Appointment) -> dict[str, object]:
    return {
        "starts_at": appointment.starts_at.isoformat(),
        "time_zone": appointment.time_zone,
        "minutes": appointment.minutes,
        "place": appointment.place,
    }


def _tell(appointment: Appointment, title: str, actor: Actor, now: datetime) -> None:
    tell(integration=appointment.integration, kind=Kind.CHANGED, stage=STAGE, title=title, actor=actor, now=now)
