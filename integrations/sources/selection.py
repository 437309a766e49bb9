"""Selection: which of a tenant's events a source receives, by type, by pattern, or all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.aws.limits import LimitError, check_detail_type
from integrations.patterns import InvalidEventPattern, compile_pattern
from integrations.problems import Problem
from integrations.sources.models import Source
from integrations.storable import is_storable

MAX_EVENT_TYPES = 100
LONGEST_WORDS = 280  # of a line of history


@dataclass(frozen=True, slots=True)
class Selection:
    """A checked selection; None selects everything."""

    event_types: list[str] | None
    pattern: dict[str, Any] | None

    @property
    def selects_all(self) -> bool:
        return self.event_types is None and self.pattern is None

    def in_words(self) -> str:
        """Return what is selected, for a line of history."""
        if self.selects_all:
            return "all events"
        types = "all types" if self.event_types is None else ", ".join(self.event_types)
        words = types if self.pattern is None else f"{types}, by a pattern"
        return words if len(words) <= LONGEST_WORDS else f"{len(self.event_types or [])} types"

    def is_that_of(self, source: Source) -> bool:
        """Return whether the source selects the same; the order of types does not matter."""
        return _as_set(self.event_types) == _as_set(source.event_types) and self.pattern == source.pattern


def selection_of(event_types: Sequence[str] | None, pattern: Mapping[str, Any] | None) -> Selection:
    """Check what was asked for. Raises Problem `event_types_invalid` or `pattern_invalid` with status 422."""
    return Selection(
        event_types=None if event_types is None else _checked_types(event_types),
        pattern=None if pattern is None else _checked_pattern(pattern),
    )


def _checked_types(event_types: Sequence[str]) -> list[str]:
    if not 1 <= len(event_types) <= MAX_EVENT_TYPES:
        raise Problem(
            422,
            "event_types_invalid",
            f"Name 1 to {MAX_EVENT_TYPES} event types, or leave event_types out to receive all of them.",
        )
    for event_type in event_types:
        _check_type(event_type)
    return list(dict.fromkeys(event_types))


def _check_type(event_type: str) -> None:
    try:
        check_detail_type(event_type)
    except LimitError as error:
        raise Problem(422, "event_types_invalid", str(error)) from None
    if not is_storable(event_type):
        raise Problem(422, "event_types_invalid", "An event type holds a NUL or half a character: take it out.")


def _checked_pattern(pattern: Mapping[str, Any]) -> dict[str, Any]:
    try:
        compile_pattern(pattern)
    except InvalidEventPattern as refusal:
        raise Problem(422, "pattern_invalid", f"{refusal.message.rstrip('.')}. Correct it and send it again.") from None
    if not is_storable(pattern):
        raise Problem(422, "pattern_invalid", "The pattern holds a NUL or half a character: take it out.")
    return dict(pattern)


def _as_set(event_types: list[str] | None) -> set[str] | None:
    return None if event_types is None else set(event_types)
