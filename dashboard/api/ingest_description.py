"""The event path's part of the OpenAPI document, by hand: its views are plain and describe nothing themselves."""

from typing import Any

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


PATHS: dict[str, Any] = {
    "/events": {
        "post": {
            "operationId": "post_events",
            "tags": ["Events"],
            "summary": "Store events",
            "description": "One event, a batch, or one event a line. Needs the scope events:write.",
            "security": _SECURITY,
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"oneOf": [_ref("EventIn"), _ref("EventBatch")]}},
                    "application/x-ndjson": {"schema": _ref("EventIn")},
                },
            },
            "responses": {"202": _answer("Stored, with one result per event", "Receipt")},
        }
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
