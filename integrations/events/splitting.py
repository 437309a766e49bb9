"""From a posted body to the raw bytes of each event, so that one bad event is only itself."""

import io
import re
import sys
from collections.abc import Sized

import msgspec

from integrations.problems import Problem

MAX_EVENTS = 1_000
# The decoder would make an object of each of a million tiny values before anybody can count the events.
MANY_COMMAS = 1_000_000
DEEPEST = 10_000  # levels; an event of more than 1,000 fails alone, a body of more than this is no batch of events

# The decoder's C recursion counts against Python's limit: with the default of 1,000 a detail of the legal 1,000 levels
# would not pass. Frames of the decoder are small; 3,000 of them fit any thread's stack.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 3_000))

# Strings are taken possessively: a body of ten megabytes must not cost a backtracking stack.
# One that never ends goes on to the end: else the search would begin anew at each quote inside, for a minute.
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


class _Batch(msgspec.Struct):
    events: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


_batches = msgspec.json.Decoder(_Batch)
_arrays = msgspec.json.Decoder(list[msgspec.Raw])


def split_lines(body: bytes) -> list[bytes]:
    """Return the events of an NDJSON body, one a line; blank lines do not count."""
    lines: list[bytes] = []
    for line in io.BytesIO(body):
        if line.strip():
            lines.append(line.rstrip(b"\n"))
            _check_count(lines)
    return lines


def split_json(body: bytes) -> list[bytes]:
    """Return the raw events of `{"events": [...]}`, or the body itself if it is one event.

    Raises Problem when the body as a whole cannot be read. An event that is broken in itself is returned like any
    other and fails alone, as long as its brackets and quotes are balanced.
    """
    if body.count(b",") > MANY_COMMAS:
        return _split_by_brackets(body, "it holds too many values")
    try:
        batch = _batches.decode(body)
    except msgspec.ValidationError as error:
        raise Problem(400, "body_invalid", f'Post one event object, or {{"events": [...]}}. {error}') from None
    except RecursionError:
        return _split_by_brackets(body, "it is nested too deeply")
    except msgspec.DecodeError as error:
        return _split_by_brackets(body, str(error))
    if batch.events is msgspec.UNSET:
        return [body]
    _check_count(batch.events)
    return [bytes(item) for item in batch.events]


def split_array(body: bytes) -> list[bytes]:
    """Return the raw elements of a body that is an array. Raises Problem when the body as a whole cannot be read."""
    if body.count(b",") > MANY_COMMAS:
        return _split_by_brackets(body, "it holds too many values", level=1)
    try:
        items = _arrays.decode(body)
    except msgspec.ValidationError as error:
        raise Problem(400, "body_invalid", f"Post an array of CloudEvents. {error}") from None
    except RecursionError:
        return _split_by_brackets(body, "it is nested too deeply", level=1)
    except msgspec.DecodeError as error:
        return _split_by_brackets(body, str(error), level=1)
    _check_count(items)
    return [bytes(item) for item in items]


def _check_count(items: Sized) -> None:
    if len(items) > MAX_EVENTS:
        raise Problem(
            413,
            "too_many_events",
            f"A request carries at most {MAX_EVENTS} events, and this one has more. Nothing was stored: split it.",
        )


def _split_by_brackets(body: bytes, reason: str, level: int = 2) -> list[bytes]:
    """Find the elements of an array by brackets and strings, whatever else is wrong in them.

    The array is the body itself at level 1, and its member "events" at level 2.
    """
    depth, key, start, end = 0, b"", -1, -1
    items: list[bytes] = []
    for token in _TOKENS.finditer(body):
        kind = token[0][:1]
        if kind == b'"':
            key = token[0] if depth == 1 else key
        elif kind in b"{[":
            depth += 1
            if depth > DEEPEST:
                raise _not_json("it is nested too deeply")
            if depth == level and kind == b"[" and start < 0 and (level == 1 or key == b'"events"'):
                start = token.end()
        elif kind in b"}]":
            depth -= 1
            if start >= 0 and end < 0 and depth == level - 1:
                items.append(body[start : token.start()])
                _check_count(items)
                end = token.end()
        elif start >= 0 and end < 0 and depth == level:
            items.append(body[start : token.start()])
            _check_count(items)
            start = token.end()
    balanced = depth == 0 and body.strip()[:1] == (b"[" if level == 1 else b"{")
    if balanced and start < 0:
        return [body]  # one event, broken in itself
    if balanced and end >= 0:
        return items
    raise _not_json(reason)


def _not_json(reason: str) -> Problem:
    return Problem(400, "json_invalid", f"The body is not JSON: {reason}. Nothing was stored.")
