"""The event path's part of the OpenAPI document, by hand: its views are plain and describe nothing themselves."""

from typing import Any

from dashboard.api.problems import MEDIA_TYPE
from integrations.events.cloud_events import BATCH, STRUCTURED, CloudEvent
from integrations.events.deliveries import STATES

_TEXT = {"type": "string"}
_UUID = {"type": "string", "format": "uuid"}
_MOMENT = {"type": "string", "format": "date-time"}
_SECURITY: list[dict[str, list[str]]] = [{"ApiKey": []}]


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(description: str, required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": description, "required": required, "properties": properties}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: dict[str, Any] = {
    "EventIn": _object(
        "One event. `detail` reaches the tenant exactly as posted.",
        ["tenant", "type", "detail"],
        tenant=_TEXT | {"description": "The SaaS's own id of the tenant"},
        type=_TEXT | {"maxLength": 128, "description": "EventBridge's detail-type", "examples": ["order.created"]},
        detail={"type": "object"},
        id=_TEXT
        | {
            "pattern": "^[A-Za-z0-9._:/-]{1,128}$",
            "description": "Your idempotency key: repeating it answers `duplicate` and stores nothing",
        },
        time=_MOMENT | {"description": "When it happened; otherwise when it is stored"},
        resources={"type": "array", "items": _TEXT},
    ),
    "EventBatch": _object(
        "Up to 1,000 events; one bad event does not spoil its neighbours.",
        ["events"],
        events={"type": "array", "items": _ref("EventIn"), "minItems": 1, "maxItems": 1000},
    ),
    "CloudEvent": _object(
        "A CloudEvent. Its `data` is the detail and reaches the tenant exactly as posted. Others are left out.",
        ["specversion", "id", "source", "type", "tenant"],
        specversion={"const": "1.0"},
        id=_TEXT | {"minLength": 1},
        source=_TEXT
        | {"minLength": 1, "description": "Identifies the event together with `id`", "examples": ["/orders"]},
        type=_TEXT | {"maxLength": 128, "description": "EventBridge's detail-type"},
        tenant={
            "type": ["string", "integer"],
            "description": "Extension attribute: the SaaS's own id of the tenant. `partnerbustenant` takes its place",
        },
        time=_or_null(_MOMENT),
        subject=_or_null(_TEXT | {"description": "Becomes a member of `resources`"}),
        datacontenttype=_or_null(_TEXT | {"description": "JSON, or left out"}),
        data={"type": "object"},
        data_base64=_or_null(_TEXT | {"contentEncoding": "base64", "description": "A JSON object, instead of `data`"}),
    ),
    "CloudEventBatch": {
        "type": "array",
        "description": "Up to 1,000 CloudEvents; one bad event does not spoil its neighbours.",
        "items": _ref("CloudEvent"),
        "maxItems": 1000,
    },
    "EventResult": _object(
        "What became of one posted event. `event_id` is ours; a duplicate answers with the first one's.",
        ["index", "id", "event_id", "status", "code", "message"],
        index={"type": "integer"},
        id=_or_null(_TEXT),
        event_id=_or_null(_UUID),
        status={"enum": ["stored", "duplicate", "rejected"]},
        code=_or_null(_TEXT | {"examples": ["tenant_unknown"]}),
        message=_or_null(_TEXT),
    ),
    "Receipt": _object(
        "Stored is our word, after the commit; it does not mean that AWS has accepted anything yet.",
        ["stored", "duplicates", "rejected", "events"],
        stored={"type": "integer"},
        duplicates={"type": "integer"},
        rejected={"type": "integer"},
        events={"type": "array", "items": _ref("EventResult")},
    ),
    "Delivery": _object(
        "Where the event stands for one source; `source` is null while it waits for the tenant's first one.",
        ["source", "name", "state", "reason", "next_try_at", "message"],
        source=_or_null(_UUID),
        name=_or_null(_TEXT),
        state={"enum": ["waiting", "held", "retrying", "accepted", "dead", "settled"]},
        reason=_or_null(_TEXT | {"examples": ["no_source"]}),
        next_try_at=_or_null(_MOMENT),
        message=_or_null(_TEXT),
    ),
    "Attempt": _object(
        "One try to hand the event to AWS. The code `accepted` is AWS's yes; every other one is its refusal.",
        ["source", "at", "code", "tries", "ms", "bytes", "observed", "aws_id", "request_id", "message"],
        source=_UUID,
        at=_MOMENT,
        code=_TEXT,
        tries={"type": "integer"},
        ms={"type": "integer"},
        bytes={"type": "integer"},
        observed=_TEXT | {"description": "AWS's last word on the source when it was sent"},
        aws_id=_or_null(_UUID),
        request_id=_or_null(_UUID),
        message=_or_null(_TEXT),
    ),
    "EventRow": _object(
        "One event in a list. `state` and `reason` are those of the delivery that most needs somebody's eye; with "
        "`source`, of the delivery to that source.",
        ["event_id", "id", "tenant", "type", "received_at", "state", "reason"],
        event_id=_UUID,
        id=_or_null(_TEXT),
        tenant=_TEXT,
        type=_TEXT,
        received_at=_MOMENT,
        state={"enum": list(STATES)},
        reason=_or_null(_TEXT),
    ),
    "EventList": _object(
        "A page of events, newest first. It may be short, even empty, and yet have a `next_cursor`: then so many "
        "events were searched as one call may, and the next one goes on where it stopped.",
        ["events", "next_cursor"],
        events={"type": "array", "items": _ref("EventRow")},
        next_cursor=_or_null(_TEXT | {"description": "Pass it as `cursor`, with the same filters; null on the last"}),
    ),
    "EventOut": _object(
        "One event with its deliveries and all attempts.",
        ["event_id", "id", "tenant", "type", "time", "received_at", "state", "detail", "deliveries", "attempts"],
        event_id=_UUID,
        id=_or_null(_TEXT),
        tenant=_TEXT,
        type=_TEXT,
        time=_MOMENT,
        received_at=_MOMENT,
        state={"enum": ["waiting", "held", "retrying", "accepted", "dead", "settled"]},
        resources={"type": "array", "items": _TEXT},
        detail={"type": "object"},
        deliveries={"type": "array", "items": _ref("Delivery")},
        attempts={"type": "array", "items": _ref("Attempt")},
    ),
}


def _answer(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ref(schema)}}}


def _refusal(codes: str, *, repeatable: bool = False) -> dict[str, Any]:
    refusal = {"description": codes, "content": {MEDIA_TYPE: {"schema": _ref("Problem")}}}
    return refusal | {"headers": {"Retry-After": _RETRY_AFTER}} if repeatable else refusal


def _header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"in": "header", "name": name, "description": description, "schema": _TEXT | schema}


def _filter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"in": "query", "name": name, "description": description, "schema": _TEXT | schema}


_FILTERS = [
    _filter("tenant", "The SaaS's own id of a tenant"),
    _filter("source", "Only events with a delivery to this source", format="uuid"),
    _filter("type", "The detail-type"),
    _filter("state", "The event's state, or with `source` the delivery's", enum=list(STATES)),
    _filter("code", "Of a dead letter its reason; of one that is retried or held, the code of its last try"),
    _filter("from", "Received at this moment or later", format="date-time"),
    _filter("to", "Received before this moment", format="date-time"),
    _filter("id", "The caller's id. Ids name events: of the filters above, only `tenant` and `source` go with them"),
    _filter("event_id", "Our id", format="uuid"),
    _filter("aws_id", "AWS's EventId, which the tenant sees as `id` of the envelope", format="uuid"),
    _filter("request_id", "AWS's id of the call in which the event was sent", format="uuid"),
    _filter("limit", "How many events at most", type="integer", minimum=1, maximum=200, default=50),
    _filter("cursor", "The `next_cursor` of the page before"),
]
_RETRY_AFTER = {"description": "Seconds after which to post the same body again", "schema": {"type": "integer"}}
_IN_HEADERS = [name for name in CloudEvent.__struct_fields__ if not name.startswith("data")]
_FORMS = (
    "One event, a batch, one event a line, or CloudEvents 1.0: structured, batched, or binary, which is a body of any "
    "JSON type with the attributes in ce- headers. All of them may be compressed with gzip. 202 is sent after the "
    "commit and has one result per event: one that is rejected has a code and a message of its own, and its neighbours "
    "are stored. Needs the scope events:write."
)


PATHS: dict[str, Any] = {
    "/events": {
        "get": {
            "operationId": "list_events",
            "tags": ["Events"],
            "summary": "List and find events",
            "description": "Newest first; everything given has to apply. Needs the scope events:read.",
            "security": _SECURITY,
            "parameters": _FILTERS,
            "responses": {
                "200": _answer("A page of events", "EventList"),
                "404": _refusal("tenant_unknown, source_unknown"),
                "422": _refusal("query_invalid: the sentence names the parameter"),
            },
        },
        "post": {
            "operationId": "post_events",
            "tags": ["Events"],
            "summary": "Store events",
            "description": _FORMS,
            "security": _SECURITY,
            "parameters": [
                _header("Content-Encoding", "How the body is compressed, if it is", enum=["gzip"]),
                *(_header(f"ce-{name}", "Of a binary CloudEvent, percent-encoded") for name in _IN_HEADERS),
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"oneOf": [_ref("EventIn"), _ref("EventBatch")]}},
                    "application/x-ndjson": {"schema": _ref("EventIn")},
                    STRUCTURED: {"schema": _ref("CloudEvent")},
                    BATCH: {"schema": _ref("CloudEventBatch")},
                },
            },
            "responses": {
                "202": _answer("Stored, with one result per event", "Receipt"),
                "400": _refusal("body_empty, body_incomplete, body_invalid, json_invalid, gzip_invalid"),
                "401": _refusal("key_missing, key_malformed, key_unknown, key_revoked, key_expired"),
                "403": _refusal("scope_missing"),
                "408": _refusal("body_timeout"),
                "413": _refusal("body_too_large, too_many_events"),
                "415": _refusal("content_type_unsupported, encoding_unsupported"),
                "429": _refusal("rate_limited, backlog_full: nothing was stored", repeatable=True),
                "503": _refusal("store_unavailable, too_slow: nothing is promised", repeatable=True),
                "507": _refusal("store_full: nothing was stored", repeatable=True),
            },
        },
    },
    "/events/{event_id}": {
        "get": {
            "operationId": "get_event",
            "tags": ["Events"],
            "summary": "Read an event",
            "description": "Needs the scope events:read.",
            "security": _SECURITY,
            "parameters": [{"in": "path", "name": "event_id", "required": True, "schema": _UUID}],
            "responses": {"200": _answer("The event and its story", "EventOut")},
        }
    },
}
