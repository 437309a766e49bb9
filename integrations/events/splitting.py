"""From a posted body to the raw bytes of each event, so that one bad event is only itself."""

import re
import sys

import msgspec

from integrations.problems import Problem

MAX_EVENTS = 1_000

# The decoder's C recursion counts against Python's limit: with the default of 1,000 a detail of the legal 1,000 levels
# would not pass. Frames of the decoder are small; 3,000 of them fit any thread's stack.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 3_000))

# Strings are taken possessively: a body of ten megabytes must not cost a backtracking stack.
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},]', re.DOTALL)


class _Batch(msgspec.Struct):
    events: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


_batches = msgspec.json.Decoder(_Batch)


def split_lines(body: bytes) -> list[bytes]:
    """Return the events of an NDJSON body, one a line; blank lines do not count."""
    return _bounded([line for line in body.split(b"\n") if line.strip()])


def split_json(body: bytes) -> list[bytes]:
    """Return the raw events of `{"events": [...]}`, or the body itself if it is one event.

    Raises Problem when the body as a whole cannot be read. An event that is broken in itself is returned like any
    other and fails alone, as long as its brackets and quotes are balanced.
    """
    try:
        batch = _batches.decode(body)
    except msgspec.ValidationError as error:
        raise Problem(400, "body_invalid", f'Post one event object, or {{"events": [...]}}. {error}') from None
    except (msgspec.DecodeError, RecursionError) as error:
        return _bounded(_split_by_brackets(body, error))
    if batch.events is msgspec.UNSET:
        return [body]
    return _bounded([bytes(item) for item in batch.events])


def _bounded(items: list[bytes]) -> list[bytes]:
    if len(items) > MAX_EVENTS:
        raise Problem(
            413,
            "too_many_events",
            f"A request carries at most {MAX_EVENTS} events, this one has {len(items)}. Nothing was stored: split it.",
        )
    return items


def _split_by_brackets(body: bytes, error: Exception) -> list[bytes]:
    """Find the elements of the top-level "events" array by brackets and strings, whatever else is wrong in them."""
    depth, key, start, end = 0, b"", -1, -1
    items: list[bytes] = []
    for token in _TOKENS.finditer(body):
        kind = token[0][:1]
        if kind == b'"':
            key = token[0] if depth == 1 else key
        elif kind in b"{[":
            depth += 1
            if depth == 2 and kind == b"[" and key == b'"events"' and start < 0:
                start = token.end()
        elif kind in b"}]":
            depth -= 1
            if start >= 0 and end < 0 and depth == 1:
                items.append(body[start : token.start()])
                end = token.end()
        elif start >= 0 and end < 0 and depth == 2:
            items.append(body[start : token.start()])
            start = token.end()
    balanced = depth == 0 and body.strip()[:1] == b"{"
    if balanced and start < 0:
        return [body]  # one event, broken in itself
    if balanced and end >= 0:
        return items
    reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    raise Problem(400, "json_invalid", f"The body is not JSON: {reason}. Nothing was stored.")
