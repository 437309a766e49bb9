"""Trying a selection before it is made: which of the tenant's latest events it would take, and a pasted one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from integrations.events import wire
from integrations.events.models import Event
from integrations.events.parsing import PostedEvent
from integrations.events.routing import Route
from integrations.patterns import InvalidEventPattern, MatchTooCostly, compile_pattern
from integrations.problems import Problem
from integrations.sources.models import Source
from integrations.sources.selection import selection_of
from tenants import audit
from tenants.audit import Actor
from tenants.identifiers import moment_of

TRIED = 50  # of the tenant's latest events
LONGEST_PASTED = 262_144


@dataclass(frozen=True, slots=True)
class Tried:
    """One of the latest events, and whether it would be taken; None where finding out takes too long."""

    event_id: UUID
    type: str
    received_at: datetime
    taken: bool | None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a selection would do. `pasted` is None when nothing was pasted."""

    tried: list[Tried] = field(default_factory=list)
    pasted: bool | None = None

    @property
    def taken(self) -> int:
        """How many of the latest events would be taken."""
        return sum(bool(each.taken) for each in self.tried)


def try_selection(
    *,
    source: Source,
    event_types: Sequence[str] | None,
    pattern: Mapping[str, Any] | None,
    pasted: str = "",
    actor: Actor,
    now: datetime,
) -> Trial:
    """Return which events the source would take with this selection, and record that payloads were looked at for it.

    No payload leaves this function. Raises Problem 422 `event_types_invalid`, `pattern_invalid`, `pasted_invalid`.
    """
    selection = selection_of(event_types, pattern)
    compiled = None if selection.pattern is None else compile_pattern(selection.pattern)
    types = None if selection.event_types is None else frozenset(selection.event_types)
    route = Route(source.pk, source.name, source.account or "", source.region, types, compiled)
    in_hand = _pasted(pasted, compiled, types) if pasted.strip() else None
    events = list(Event.objects.filter(tenant_id=source.tenant_id).select_related("type").order_by("-id")[:TRIED])
    audit.record(
        actor=actor,
        action="source:try_selection",
        at=now,
        object_type="source",
        object_id=source.public_id,
        tenant=source.tenant,
        after={"events": len(events), "event_types": selection.event_types, "pattern": selection.pattern},
    )
    return Trial([_tried(event, route) for event in events], in_hand)


def read_pattern(text: str) -> dict[str, Any] | None:
    """Return the pattern that somebody wrote, None for nothing. Raises Problem 422 `pattern_invalid`."""
    if not text.strip():
        return None
    try:
        compile_pattern(text)
    except InvalidEventPattern as refusal:
        raise Problem(422, "pattern_invalid", f"{refusal.reason.rstrip('.')}. Correct the pattern.") from None
    read: dict[str, Any] = json.loads(text)
    return read


def _tried(event: Event, route: Route) -> Tried:
    entry = wire.read_tail(bytes(event.wire))
    posted = PostedEvent(
        tenant="", type=entry.type, detail=entry.detail.encode(), id=None, time=entry.time, resources=entry.resources
    )
    try:
        taken: bool | None = route.selects(posted)
    except MatchTooCostly:
        taken = None
    return Tried(event.id, entry.type, moment_of(event.id), taken)


def _pasted(text: str, pattern: Any, types: frozenset[str] | None) -> bool:
    """Judge a whole event as a rule sees it, or a detail alone."""
    if len(text) > LONGEST_PASTED:
        raise Problem(
            422, "pasted_invalid", f"The event has more than {LONGEST_PASTED:,} characters. Paste a shorter one."
        )
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        raise Problem(422, "pasted_invalid", "The event is not JSON. Paste an object that begins with {.") from None
    if not isinstance(event, dict):
        raise Problem(422, "pasted_invalid", "The event is not a JSON object. Paste one that begins with {.")
    envelope = event if "detail" in event or "detail-type" in event else {"detail": event}
    if types is not None and envelope.get("detail-type") not in types:
        return False
    try:
        return pattern is None or bool(pattern.matches(envelope))
    except MatchTooCostly:
        raise Problem(422, "pasted_invalid", "This event takes too long to match. Paste a simpler one.") from None
