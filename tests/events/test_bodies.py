"""The body of POST /api/v1/events as a whole: its size, its completeness, and what it may cost."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from integrations.events.api import events
from tests.events.conftest import rows

pytestmark = pytest.mark.usefixtures("tenant")

EVENT = {"tenant": "alder", "type": "order.created", "detail": {"n": 1}}
GOOD = json.dumps(EVENT).encode()


def test_a_batch_of_1001_events_is_refused_whole(post: Callable[..., Any]) -> None:
    response = post({"events": [EVENT] * 1_001})
    assert (response.status_code, response.json()["code"]) == (413, "too_many_events")
    assert response["Content-Type"] == "application/problem+json"
    assert rows("select count(*) from events") == [(0,)]


def test_a_batch_of_1000_events_is_stored(post: Callable[..., Any]) -> None:
    assert post({"events": [EVENT] * 1_000}).json()["stored"] == 1_000


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", "application/json", 400, "body_empty"),
        (b"not json", "application/json", 400, "json_invalid"),
        (b'{"events":[{}', "application/json", 400, "json_invalid"),
        (b"[" * 100_000, "application/json", 400, "body_invalid"),
        (b"[]", "application/json", 400, "body_invalid"),
        (b'{"events":5}', "application/json", 400, "body_invalid"),
        (b"{}", "text/plain", 415, "content_type_unsupported"),
        (b"x" * (10 * 1024 * 1024 + 1), "application/json", 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_whole(
    post: Callable[..., Any], body: bytes, content_type: str, status: int, code: str
) -> None:
    response = post(body, content_type=content_type)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"events":[' + b"," * 9_000_000 + b"]}", "too_many_events"),
        (b'{"events":[' + b"1," * 4_000_000 + b"1]}", "too_many_events"),
        (b'{"events":[' + b'"a",' * 2_000_000 + b"x]}", "too_many_events"),
        (b'{"a":' * 1_500_000, "json_invalid"),
        (b"{}\n" * 1_001, "too_many_events"),
        (b"\n" * 9_000_000 + b"{}", None),
    ],
    ids=["commas", "ones", "texts", "depth", "lines", "blank lines"],
)
def test_a_body_made_to_cost_is_answered_soon(post: Callable[..., Any], body: bytes, code: str | None) -> None:
    kind = "application/x-ndjson" if body[:1] in (b"\n",) or body[:3] == b"{}\n" else "application/json"
    started = time.monotonic()
    answer = post(body, content_type=kind).json()
    assert time.monotonic() - started < 5
    assert answer.get("code") == code


def test_a_cut_body_is_refused_whole(api_key: str, store: None) -> None:
    environ = RequestFactory().post("/api/v1/events", GOOD, content_type="application/x-ndjson").environ
    environ |= {
        "wsgi.input": io.BytesIO(GOOD + b"\n"),
        "CONTENT_LENGTH": str(len(GOOD) + 5_000),
        "HTTP_AUTHORIZATION": f"Bearer {api_key}",
    }
    response = events(WSGIRequest(environ))
    assert (response.status_code, json.loads(response.content)["code"]) == (400, "body_incomplete")
    assert rows("select count(*) from events") == [(0,)]


def test_a_chunked_body_is_read_to_its_end(api_key: str, store: None) -> None:
    environ = RequestFactory().post("/api/v1/events", b"", content_type="application/x-ndjson").environ
    environ |= {
        "wsgi.input": io.BytesIO(GOOD + b"\n" + GOOD),
        "CONTENT_LENGTH": "",
        "CONTENT_TYPE": "application/x-ndjson",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "HTTP_AUTHORIZATION": f"Bearer {api_key}",
    }
    response = events(WSGIRequest(environ))
    assert (response.status_code, json.loads(response.content)["stored"]) == (202, 2)


def test_an_empty_batch_stores_nothing(post: Callable[..., Any]) -> None:
    assert post({"events": []}).json() == {"stored": 0, "duplicates": 0, "rejected": 0, "events": []}
