"""One posted event: its envelope is parsed, its detail stays the text that was posted."""

import json
import re
from datetime import UTC, datetime

import msgspec

from integrations.aws import limits
from integrations.events.rejections import Rejection

LARGEST_DETAIL = 1_048_576  # what AWS takes where it takes most; each environment has a limit of its own below
MAX_RESOURCES = 20
MAX_RESOURCE_LENGTH = 2_048
SHALLOW = 2 * limits.MAX_NESTING  # bytes; too short for more brackets than EventBridge takes
_accepted_types: set[str] = set()
MOST_ACCEPTED_TYPES = 10_000
_CALLER_ID = re.compile(r"[A-Za-z0-9._:/-]{1,128}\Z")
_WHITESPACE = b" \t\n\r"


class Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """An event as the SaaS backend posts it."""

    tenant: str
    type: str
    detail: msgspec.Raw
    id: str | None = None
    time: str | None = None
    resources: list[str] = []


class PostedEvent(msgspec.Struct):
    """A checked event. `detail` is the JSON text of an object, byte for byte as posted; `time` is POSIX seconds."""

    tenant: str
    type: str
    detail: bytes
    id: str | None
    time: float | None
    resources: list[str]


_envelopes = msgspec.json.Decoder(Envelope)


def parse_event(raw: bytes) -> PostedEvent:
    """Return the event in `raw`. Raises Rejection with a code for each thing that can be wrong."""
    envelope = _decode(raw)
    detail = bytes(envelope.detail).strip(_WHITESPACE)
    if len(detail) > LARGEST_DETAIL:
        raise Rejection("event_too_large", f"No call to AWS carries a detail of {len(detail)} bytes. Make it smaller.")
    if not detail.startswith(b"{"):
        raise Rejection("detail_not_object", "The detail must be a JSON object, for example {}.")
    if len(detail) > SHALLOW:
        _check_depth(detail)
    if envelope.type not in _accepted_types:
        _check_type(envelope.type)
    if "\x00" in envelope.tenant:
        raise Rejection("tenant_unknown", "There is no such tenant in this environment.")
    if envelope.id is not None and not _CALLER_ID.match(envelope.id):
        raise Rejection("id_invalid", "An id is 1 to 128 characters of letters, digits and . _ : / -")
    time = None if envelope.time is None else _seconds(envelope.time)
    if envelope.resources:
        _check_resources(envelope.resources)
    return PostedEvent(envelope.tenant, envelope.type, detail, envelope.id, time, envelope.resources)


def _decode(raw: bytes) -> Envelope:
    try:
        raw.decode()  # the decoder does not look into the raw detail
    except UnicodeDecodeError as error:
        raise Rejection("utf8_invalid", f"The event is not UTF-8: {error.reason} at byte {error.start}.") from None
    if b"\x00" in raw:
        raise Rejection("nul_byte", "The event contains a NUL byte. Write it as \\u0000 if it belongs to your data.")
    try:
        return _envelopes.decode(raw)
    except msgspec.ValidationError as error:
        raise Rejection("event_invalid", f"{error}. Known fields: {', '.join(Envelope.__struct_fields__)}.") from None
    except RecursionError:
        raise _too_deep() from None
    except msgspec.DecodeError as error:
        raise _not_json(raw, error) from None


def _not_json(raw: bytes, error: msgspec.DecodeError) -> Rejection:
    if rb"\ud" in raw.lower() and _is_json_for_python(raw):
        return Rejection("surrogate_invalid", "A \\ud800-\\udfff escape stands alone; surrogates come in pairs.")
    return Rejection("json_invalid", f"The event is not JSON: {error}.")


def _is_json_for_python(raw: bytes) -> bool:
    """Python's decoder takes half a surrogate pair, and refuses the rest that ours refuses."""
    try:
        json.loads(raw, parse_constant=lambda name: json.loads(""))
    except (ValueError, RecursionError):
        return False
    return True


def _check_depth(detail: bytes) -> None:
    try:
        limits.check_nesting(detail)
    except limits.DetailTooDeep:
        raise _too_deep() from None


def _too_deep() -> Rejection:
    return Rejection(
        "detail_too_deep", f"EventBridge takes at most {limits.MAX_NESTING} levels of nesting; flatten it."
    )


def _check_type(text: str) -> None:
    try:
        limits.check_detail_type(text)
    except limits.InvalidDetailType as error:
        raise Rejection("type_too_long" if text else "type_empty", str(error)) from None
    if not text.isprintable():
        raise Rejection("type_invalid", "A type is made of printable characters.")
    if len(_accepted_types) < MOST_ACCEPTED_TYPES:
        _accepted_types.add(text)


def _seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or not 1970 <= moment.astimezone(UTC).year < 2500:
            raise ValueError
    except (ValueError, OverflowError):
        raise Rejection("time_invalid", "A time is ISO 8601 with a zone, for example 2026-11-23T09:30:00Z.") from None
    return moment.timestamp()


def _check_resources(resources: list[str]) -> None:
    if len(resources) > MAX_RESOURCES or any(not 1 <= len(text) <= MAX_RESOURCE_LENGTH for text in resources):
        raise Rejection(
            "resources_invalid",
            f"Resources are at most {MAX_RESOURCES} texts of 1 to {MAX_RESOURCE_LENGTH} characters.",
        )
