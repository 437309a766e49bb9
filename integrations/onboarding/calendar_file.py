"""The validation's date as a calendar file (iCalendar, RFC 5545), which calendars of every kind take in."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from integrations.onboarding.appointment import spoken
from integrations.onboarding.models import Appointment

OCTETS_A_LINE = 75
ALARM = timedelta(hours=1)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def calendar_file(appointment: Appointment, url: str) -> bytes:
    """Return the file. Its UID stays and its SEQUENCE grows, so a later one replaces an earlier in the calendar."""
    return b"".join(_folded(line) + b"\r\n" for line in _lines(appointment, url))


def _lines(appointment: Appointment, url: str) -> Iterator[str]:
    called_off = appointment.called_off_at is not None
    ends_at = appointment.starts_at + timedelta(minutes=appointment.minutes)
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//Partnerbus//Validation//EN"
    yield "CALSCALE:GREGORIAN"
    yield f"METHOD:{'CANCEL' if called_off else 'PUBLISH'}"
    yield "BEGIN:VEVENT"
    yield f"UID:{appointment.public_id}@partnerbus"
    yield f"SEQUENCE:{appointment.sequence}"
    yield f"DTSTAMP:{_moment(appointment.changed_at)}"
    yield f"DTSTART:{_moment(appointment.starts_at)}"
    yield f"DTEND:{_moment(ends_at)}"
    yield f"STATUS:{'CANCELLED' if called_off else 'CONFIRMED'}"
    yield f"SUMMARY:{_text(f'EventBridge validation: {appointment.integration.name}')}"
    if appointment.place:
        yield f"LOCATION:{_text(appointment.place)}"
    yield f"DESCRIPTION:{_text(_description(appointment))}"
    yield f"URL:{_CONTROLS.sub('', url)}"
    if not called_off:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:-PT{int(ALARM.total_seconds()) // 60}M")
        yield f"DESCRIPTION:{_text(f'EventBridge validation: {appointment.integration.name}')}"
        yield "END:VALARM"
    yield "END:VEVENT"
    yield "END:VCALENDAR"


def _description(appointment: Appointment) -> str:
    return "\n".join(part for part in (f"Agreed: {spoken(appointment)}", appointment.note) if part)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    plain = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """Break a long line where no character is cut: the limit counts octets."""
    pieces, piece, room = [], b"", OCTETS_A_LINE
    for letter in line:
        encoded = letter.encode("utf-8", "replace")
        if len(piece) + len(encoded) > room:
            pieces.append(piece)
            piece, room = b"", OCTETS_A_LINE - 1  # the continuation begins with a space
        piece += encoded
    return b"\r\n ".join([*pieces, piece])
