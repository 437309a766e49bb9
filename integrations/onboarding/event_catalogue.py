"""The catalogue of event types that AWS is told of: 1 to 15 names, one schema each, and no personal data in a name."""

import json
import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404

from integrations.aws.limits import MAX_DETAIL_TYPE_CHARACTERS
from integrations.onboarding.models import CataloguedType
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from integrations.registration.models import Integration
from integrations.registration.renaming import locked_integration
from integrations.storable import is_storable
from tenants import audit
from tenants.audit import Actor

MOST_TYPES = 15
LONGEST_DOCUMENT = 100_000
_PERSONAL = (
    (re.compile(r"[^\s@]+@[^\s@]+\.[a-z]{2,}", re.IGNORECASE), "an e-mail address"),
    (re.compile(r"(?<!\d)(?:\+?\d[ .-]?){7,}"), "a phone or account number"),
    (re.compile(r"(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)"), "an IP address"),
    (re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE), "an id"),
)


def put_type(
    *,
    integration: Integration,
    name: str,
    description: str = "",
    schema: str = "",
    sample: str = "",
    known: CataloguedType | None = None,
    actor: Actor,
    now: datetime,
) -> CataloguedType:
    """Add an event type, or change the one that is `known`. Schema and sample are JSON objects, or empty.

    Raises Problem 422 `event_type_invalid`, 409 `event_type_exists`, `too_many_event_types`, `event_type_gone`.
    """
    name = name.strip()
    check_type_name(name)
    documents = {"schema": _document(schema, "schema"), "sample": _document(sample, "sample")}
    with transaction.atomic():
        locked_integration(integration)
        others = CataloguedType.objects.filter(integration=integration)
        if known is not None:
            kept = others.filter(pk=known.pk).first()
            if kept is None:
                raise Problem(409, "event_type_gone", "Somebody else removed this event type. Add it again if needed.")
            kept.version += 1
            others = others.exclude(pk=kept.pk)
        else:
            kept = CataloguedType(integration=integration)
        if others.filter(name=name).exists():
            raise Problem(409, "event_type_exists", f"“{name}” is in the catalogue already.")
        if others.count() >= MOST_TYPES:
            raise Problem(
                409,
                "too_many_event_types",
                f"AWS takes at most {MOST_TYPES} event types. Put the rest into the detail.",
            )
        before = {"name": kept.name} if known else None
        kept.name, kept.description = name, description.strip()
        kept.schema, kept.sample = documents["schema"], documents["sample"]
        kept.save()
        verb = "changed" if known else "added"
        tell(integration=integration, kind=Kind.CHANGED, title=f"Event type {name} {verb}", actor=actor, now=now)
        _record(f"event_type:{'change' if known else 'add'}", kept, before, actor, now)
    return kept


def remove_type(*, known: CataloguedType, actor: Actor, now: datetime) -> None:
    """Take an event type out of the catalogue; again changes nothing. Events of it are not touched."""
    with transaction.atomic():
        kept = CataloguedType.objects.select_for_update().filter(pk=known.pk).first()
        if kept is None:
            return
        title = f"Event type {kept.name} removed"
        tell(integration=kept.integration, kind=Kind.CHANGED, title=title, actor=actor, now=now)
        _record("event_type:remove", kept, {"name": kept.name}, actor, now)
        kept.delete()


def checked_names(text: str) -> list[str]:
    """Return the names of event types in a text, one a line. Raises Problem as `put_type` does."""
    found = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(found) > MOST_TYPES:
        raise Problem(409, "too_many_event_types", f"{len(found)} event types: AWS takes at most {MOST_TYPES}.")
    for name in found:
        check_type_name(name)
    return found


def type_of(integration: Integration, public_id: str) -> CataloguedType:
    """Return an event type of this integration, or raise Http404."""
    try:
        return CataloguedType.objects.get(integration=integration, public_id=UUID(public_id))
    except (CataloguedType.DoesNotExist, ValueError) as missing:
        raise Http404 from missing


def check_type_name(name: str) -> None:
    """Raise Problem 422 `event_type_invalid` for a name that AWS does not take or that seems to hold personal data."""
    if not name or not name.isprintable() or len(name) > MAX_DETAIL_TYPE_CHARACTERS:
        raise _invalid(f"The name of an event type has 1 to {MAX_DETAIL_TYPE_CHARACTERS} printable characters.")
    for pattern, what in _PERSONAL:
        if pattern.search(name):
            raise _invalid(f"“{name}” seems to hold {what}. AWS takes no personal data in an event type's name.")


def _document(text: str, what: str) -> Any:
    if not text.strip():
        return None
    if len(text) > LONGEST_DOCUMENT:
        raise _invalid(f"The {what} is longer than {LONGEST_DOCUMENT:,} characters.")
    try:
        document = json.loads(text, parse_constant=_refuse)
        if not is_storable(document):
            raise _invalid(f"A text of the {what} holds a NUL or half a character (\\u0000, \\ud800): take it out.")
    except (ValueError, RecursionError) as error:
        raise _invalid(f"The {what} is not JSON: {error}.") from None
    if not isinstance(document, dict):
        raise _invalid(f"The {what} is a JSON object: it begins with a brace.")
    return document


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _invalid(detail: str) -> Problem:
    return Problem(422, "event_type_invalid", detail)


def _record(action: str, kept: CataloguedType, before: dict[str, Any] | None, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="event_type",
        object_id=kept.public_id,
        before=before,
        after={"integration": str(kept.integration.public_id), "name": kept.name},
    )
