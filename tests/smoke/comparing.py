"""Comparing what arrived with what was posted: equal as JSON, with numbers as decimals."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.smoke.backend import Source
from tests.smoke.reading import Event

URN = "urn:partnerbus:event:"
NO_EVENT = "no urn"


@dataclass(frozen=True)
class Message:
    """What a tenant's queue held: the id under which Partnerbus stored the event, and the whole content."""

    event_id: str
    content: Any


def parsed(body: str) -> Message:
    """Read a message; its event id is NO_EVENT when `resources` does not name one."""
    content = as_decimals(body)
    resources = content.get("resources", []) if isinstance(content, dict) else []
    ids = [text.removeprefix(URN) for text in resources if isinstance(text, str) and text.startswith(URN)]
    return Message(ids[-1] if ids else NO_EVENT, content)


def differences(event: Event, urn: str, source: Source, message: dict[str, Any]) -> list[str]:
    """Return the names of the envelope's fields in which the message is not the event as this source should get it."""
    expected = {
        "detail": as_decimals(event.detail),
        "detail-type": event.type,
        "resources": [*event.resources, urn],
        "source": source.name,
        "account": source.account,
        "region": source.region,
    }
    different = [name for name, value in expected.items() if message.get(name) != value]
    if event.time is not None and not _same_second(event.time, message.get("time")):
        different.append("time")
    return different


def as_decimals(text: str | bytes) -> Any:
    """Parse JSON so that `==` compares numbers exactly, and never a number with true or false."""
    return json.loads(text, parse_int=_number, parse_float=_number)


def _number(text: str) -> tuple[str, Decimal | str]:
    # A tuple, because Decimal(1) == True in Python; no list of JSON is one.
    try:
        return "number", Decimal(text)
    except InvalidOperation:  # an exponent beyond Decimal's
        return "number", text


def _same_second(posted: str, arrived: object) -> bool:
    """EventBridge delivers times in whole seconds."""
    if not isinstance(arrived, str):
        return False
    return abs(datetime.fromisoformat(posted) - datetime.fromisoformat(arrived)) < timedelta(seconds=1)
