"""What EventBridge bounds, checked before a call: botocore checks only types, unknown keys and minimum lengths."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

MAX_ENTRIES = 20
MAX_REQUEST_BYTES = 262_144
MAX_DETAIL_TYPE_CHARACTERS = 128
MAX_NESTING = 1_000
TIME_BYTES = 14

# Taken possessively: backtracking over a string of megabytes would cost a gigabyte.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


class LimitError(ValueError):
    """A value that EventBridge would refuse: `code` is stable, the text says what is wrong and what to do."""

    code: ClassVar[str] = "limit"


class InvalidDetailType(LimitError):
    """A detail-type that is empty or too long."""

    code = "invalid_detail_type"


class DetailTooDeep(LimitError):
    """A detail whose objects and lists lie too deep in each other."""

    code = "detail_too_deep"


class WrongEntryCount(LimitError):
    """A request without entries or with more than EventBridge takes."""

    code = "wrong_entry_count"


class EntriesTooLarge(LimitError):
    """Entries whose sizes by AWS's formula add up to more than a request may carry."""

    code = "entries_too_large"


class UnreadableEntry(LimitError):
    """Bytes handed over as an entry that are not a JSON object."""

    code = "unreadable_entry"


def check_detail_type(text: str) -> None:
    """Refuse a detail-type that AWS would lose: over 128 characters a partner saw HTTP 200 and no event.

    Raises InvalidDetailType.
    """
    if not text:
        raise InvalidDetailType("The detail-type is empty; give the event a type, for example order.created.")
    if len(text) > MAX_DETAIL_TYPE_CHARACTERS:
        raise InvalidDetailType(
            f"The detail-type has {len(text)} characters; EventBridge takes at most "
            f"{MAX_DETAIL_TYPE_CHARACTERS}: shorten it and put the rest into the detail."
        )


def nesting(detail: str | bytes) -> int:
    """Return how many objects and lists lie in each other in well-formed JSON text: 0 for a bare number, 1 for `{}`."""
    depth = deepest = 0
    for byte in _STRINGS.sub(b"", _as_bytes(detail)):
        if byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


def check_nesting(detail: str | bytes) -> None:
    """Refuse well-formed JSON text of more than 1,000 levels, as PutEvents' documentation does.

    Raises DetailTooDeep.
    """
    text = _as_bytes(detail)
    if text.count(b"{") + text.count(b"[") <= MAX_NESTING:
        return
    if nesting(text) > MAX_NESTING:
        raise DetailTooDeep(f"The detail is nested more than {MAX_NESTING} levels deep; flatten it and send it again.")


def entry_size(
    source: str, detail_type: str, detail: str | bytes, resources: Iterable[str] = (), has_time: bool = False
) -> int:
    """Return the bytes that AWS counts for one entry: 14 for a time, else the UTF-8 lengths of the values, no keys.

    `detail` is the JSON text itself, not its escaped form. Source: "Calculating PutEvents event entry size" in the
    EventBridge user guide.
    """
    values = len(source.encode()) + len(detail_type.encode()) + len(_as_bytes(detail))
    return values + sum(len(resource.encode()) for resource in resources) + (TIME_BYTES if has_time else 0)


def wire_size(entry: bytes) -> int:
    """Return the `entry_size` of a wire-ready entry. Raises UnreadableEntry if it is not a JSON object of strings."""
    try:
        fields = json.loads(entry)
        source, detail_type, detail = (fields.get(key) or "" for key in ("Source", "DetailType", "Detail"))
        return entry_size(source, detail_type, detail, fields.get("Resources") or (), fields.get("Time") is not None)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise UnreadableEntry(
            f"An entry is not a JSON object of the shape that PutPartnerEvents takes: {error}."
        ) from None


def check_entries(entries: Sequence[bytes], max_request_bytes: int = MAX_REQUEST_BYTES) -> None:
    """Refuse a request of no entries, of more than 20, or of more bytes than `max_request_bytes` by AWS's formula.

    Raises WrongEntryCount, EntriesTooLarge or UnreadableEntry.
    """
    if not 1 <= len(entries) <= MAX_ENTRIES:
        raise WrongEntryCount(f"A request carries 1 to {MAX_ENTRIES} entries, this one has {len(entries)}: split it.")
    # Keys, quotes and escapes only add: the wire length is an upper bound, and most requests stay far below the limit.
    if sum(map(len, entries)) <= max_request_bytes:
        return
    size = sum(map(wire_size, entries))
    if size > max_request_bytes:
        raise EntriesTooLarge(
            f"The entries add up to {size} bytes, a request carries at most {max_request_bytes}: send fewer at once."
        )


def _as_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
