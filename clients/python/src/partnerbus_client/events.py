"""One event as the backend knows it. Its JSON is written once, when it is made, so that every retry is the same."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from partnerbus_client.exact_json import check_characters, object_text

MAX_TYPE_CHARACTERS = 128
MAX_TENANT_CHARACTERS = 128
_ID = re.compile(r"[A-Za-z0-9._:/-]{1,128}\Z")


@dataclass(frozen=True, init=False)
class Event:
    """An event for one tenant. `detail` is JSON text; `id` is the idempotency key, made up if you give none."""

    tenant: str
    type: str
    detail: str
    id: str
    time: datetime | None
    resources: tuple[str, ...]

    def __init__(
        self,
        tenant: str,
        type: str,
        detail: Mapping[str, Any] | str,
        *,
        id: str | None = None,
        time: datetime | None = None,
        resources: Iterable[str] = (),
    ) -> None:
        """Take a mapping, or a text that is the JSON of an object and travels byte for byte.

        Without `time` it is the moment of storing. Raises ValueError or TypeError for what Partnerbus would reject.
        """
        values = {
            "tenant": _checked_tenant(tenant),
            "type": _checked_type(type),
            "detail": object_text(detail),
            "id": str(uuid4()) if id is None else _checked_id(id),
            "time": _checked_time(time),
            "resources": _checked_resources(resources),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def body(self) -> bytes:
        """The event as it is posted: UTF-8 of one JSON object, the same at every call."""
        envelope: dict[str, Any] = {"tenant": self.tenant, "type": self.type, "id": self.id}
        if self.time is not None:
            envelope["time"] = self.time.isoformat()
        if self.resources:
            envelope["resources"] = self.resources
        opened = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))[:-1]
        return f'{opened},"detail":{self.detail}}}'.encode()


def _checked_tenant(tenant: str) -> str:
    if not isinstance(tenant, str):
        raise TypeError(f"A tenant is named by a text, not by {type(tenant).__name__}: write str(...).")
    if not 1 <= len(tenant) <= MAX_TENANT_CHARACTERS or not tenant.isprintable():
        raise ValueError(f"A tenant is named by 1 to {MAX_TENANT_CHARACTERS} characters that print.")
    return tenant


def _checked_type(name: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"A type is a text, not {type(name).__name__}.")
    if not 1 <= len(name) <= MAX_TYPE_CHARACTERS or not name.isprintable():
        raise ValueError(f"A type has 1 to {MAX_TYPE_CHARACTERS} characters that print, for example order.created.")
    return name


def _checked_id(identifier: str) -> str:
    if not isinstance(identifier, str):
        raise TypeError(f"An id is a text, not {type(identifier).__name__}: write str(...).")
    if not _ID.match(identifier):
        raise ValueError("An id is 1 to 128 characters of letters, digits and . _ : / -")
    return identifier


def _checked_time(time: datetime | None) -> datetime | None:
    if time is not None and time.utcoffset() is None:
        raise ValueError("A time needs its zone: datetime.now(timezone.utc), not datetime.now().")
    return time


def _checked_resources(resources: Iterable[str]) -> tuple[str, ...]:
    if isinstance(resources, str):
        raise TypeError("Resources are a list of texts, not one text.")
    found = tuple(resources)
    for text in found:
        if not isinstance(text, str):
            raise TypeError(f"A resource is a text, not {type(text).__name__}.")
        check_characters(text)
    return found
