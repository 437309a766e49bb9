"""CloudEvents 1.0 over HTTP: each one becomes an event of our own form, its data byte for byte its detail.

The forms are those of the HTTP binding: structured, batched, and binary with the attributes in `ce-` headers. `type`
and `time` stay what they are, the extension attribute `tenant` names the tenant, `source` and `id` make our id, and
`subject` becomes a resource. Other attributes have no place in an EventBridge event and are left out.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import unquote_to_bytes

import msgspec
import psycopg

from integrations.events.ingest import Result, store_events
from integrations.events.parsing import parse_event
from integrations.events.rejections import Rejection
from integrations.events.splitting import split_array
from integrations.problems import Problem
from integrations.registration.models import Environment

MEDIA_TYPE = "application/cloudevents"
STRUCTURED = f"{MEDIA_TYPE}+json"
BATCH = f"{MEDIA_TYPE}-batch+json"
HEADER = "ce-"
VERSION = "1.0"

_SEPARATOR = "::"
_OUR_ID = re.compile(r"[A-Za-z0-9._:/-]{1,128}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_JSON = re.compile(r"[^/;\s]+/([^/;\s]+\+)?json\s*(;|\Z)", re.IGNORECASE)
_QUOTED = re.compile(r'"(.*)"\Z', re.DOTALL)


class CloudEvent(msgspec.Struct):
    """The attributes that are looked at. `data` is JSON text, empty where there is none."""

    specversion: str
    id: str
    source: str
    type: str
    time: str | None = None
    subject: str | None = None
    datacontenttype: str | None = None
    tenant: str | int | None = None
    partnerbustenant: str | int | None = None  # for producers whose `tenant` means something else
    data: msgspec.Raw = msgspec.Raw(b"")
    data_base64: str | None = None


_cloud_events = msgspec.json.Decoder(CloudEvent)
_texts = msgspec.json.Decoder(msgspec.Raw)


def is_binary(content_type: str | None) -> bool:
    """Return whether the attributes of a CloudEvent are in headers; then its body may be empty."""
    return not (content_type or "").startswith(MEDIA_TYPE)


def is_cloud_event(content_type: str | None, headers: Mapping[str, str]) -> bool:
    """Return whether a request speaks CloudEvents, in whatever form."""
    return not is_binary(content_type) or "ce-specversion" in headers or "ce-id" in headers


def read_cloud_events(content_type: str | None, headers: Mapping[str, str], body: bytes) -> list[bytes | Rejection]:
    """Return for each CloudEvent of a request the JSON of an event of ours, or why it cannot be one.

    Raises Problem when the body as a whole cannot be read.
    """
    kind = content_type or ""
    if kind == BATCH:
        return [_event_or_rejection(item) for item in split_array(body)]
    if kind == STRUCTURED:
        return [_event_or_rejection(body)]
    if not is_binary(kind):
        raise Problem(415, "content_type_unsupported", f"Post CloudEvents as {STRUCTURED} or {BATCH}, not {kind}.")
    try:
        return [_event(_from_headers(headers, kind), body)]
    except Rejection as rejection:
        return [rejection]


def store_cloud_events(
    connection: psycopg.Connection, environment: Environment, read: Sequence[bytes | Rejection], now: datetime
) -> list[Result]:
    """Store what could be read, as `ingest.store_events` does, and return one result for each in the order posted."""
    events = [item for item in read if isinstance(item, bytes)]
    stored = iter(store_events(connection, environment, events, now))
    return [
        Result(index, None, None, "rejected", item.code, item.message)
        if isinstance(item, Rejection)
        else _moved(next(stored), index)
        for index, item in enumerate(read)
    ]


def _moved(result: Result, index: int) -> Result:
    return Result(index, result.id, result.event_id, result.status, result.code, result.message)


def _event_or_rejection(raw: bytes) -> bytes | Rejection:
    try:
        event = _decode(raw)
        return _event(event, _data_of(event))
    except Rejection as rejection:
        return rejection


def _decode(raw: bytes) -> CloudEvent:
    try:
        raw.decode()  # the decoder does not look into what it skips
        return _cloud_events.decode(raw)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None
    except (UnicodeDecodeError, RecursionError, msgspec.DecodeError):
        raise _broken(raw) from None


def _from_headers(headers: Mapping[str, str], content_type: str) -> CloudEvent:
    found = {
        name: _header_text(headers[HEADER + name])
        for name in CloudEvent.__struct_fields__
        if not name.startswith("data") and HEADER + name in headers
    }
    try:
        return msgspec.convert({**found, "datacontenttype": content_type or None}, CloudEvent)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None


def _header_text(value: str) -> str:
    """Undo the quotes of older senders, then the percent encoding, once."""
    if quoted := _QUOTED.match(value):
        value = re.sub(r"\\(.)", r"\1", quoted[1])
    try:
        return unquote_to_bytes(value.encode("latin-1")).decode()  # headers arrive as bytes in the disguise of latin-1
    except UnicodeError:
        raise Rejection("utf8_invalid", "A ce- header is not percent-encoded UTF-8.") from None


def _data_of(event: CloudEvent) -> bytes:
    if event.data_base64 is None:
        return bytes(event.data)
    try:
        return base64.b64decode(event.data_base64, validate=True)
    except (binascii.Error, ValueError):
        raise Rejection("cloud_event_invalid", "data_base64 is not base64.") from None


def _event(event: CloudEvent, data: bytes) -> bytes:
    """Return the JSON of our event, the data spliced in byte for byte."""
    if event.specversion != VERSION:
        raise Rejection("specversion_unsupported", f"Only CloudEvents {VERSION} are taken: set specversion to it.")
    if event.datacontenttype and not _JSON.match(event.datacontenttype.strip()):
        raise Rejection("data_not_json", f"The data must be a JSON object, not {event.datacontenttype[:100]}.")
    fields: dict[str, object] = {
        "tenant": _tenant_of(event),
        "type": event.type,
        "id": id_of(event.source, event.id),
        "detail": msgspec.Raw(_checked(data) if data.strip() else b"{}"),
    }
    if event.time is not None:
        fields["time"] = event.time
    if event.subject is not None:
        fields["resources"] = [event.subject]
    return msgspec.json.encode(fields)


def _tenant_of(event: CloudEvent) -> str:
    tenant = event.tenant if event.partnerbustenant is None else event.partnerbustenant
    if tenant is None:
        raise Rejection("cloud_event_invalid", "Name the tenant in the extension attribute tenant.")
    return str(tenant)


def id_of(source: str, own_id: str) -> str:
    """Return our id of a CloudEvent, which only `source` and `id` together identify.

    It is `<source>::<id>` where that is an id of ours and can be taken apart again; else `sha256:` and the hexadecimal
    SHA-256 of source, line feed and id. So two sources with equal ids never meet.
    """
    if not source or not own_id or _CONTROL.search(source + own_id):
        raise Rejection("cloud_event_invalid", "source and id must be texts of one character or more, none a control.")
    joined = source + _SEPARATOR + own_id
    if _OUR_ID.match(joined) and joined.split(_SEPARATOR) == [source, own_id]:
        return joined
    return "sha256:" + hashlib.sha256(f"{source}\n{own_id}".encode()).hexdigest()


def _checked(data: bytes) -> bytes:
    """Return the data if it is one JSON text: anything else could end the detail and go on as a part of the event."""
    try:
        _texts.decode(data)
    except (RecursionError, msgspec.DecodeError):
        raise _broken(data) from None
    return data


def _broken(text: bytes) -> Rejection:
    """Return what the parser of events says of the text where it stands as a detail."""
    try:
        parse_event(b'{"tenant":"","type":"t","detail":' + text + b"}")
    except Rejection as rejection:
        return rejection
    return Rejection("json_invalid", "The event is not JSON.")


def _invalid(error: msgspec.ValidationError) -> Rejection:
    return Rejection("cloud_event_invalid", f"{error}. A CloudEvent has specversion, id, source, type and tenant.")
