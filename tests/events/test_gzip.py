"""POST /api/v1/events with a compressed body: what is taken, and that no body costs more than it may."""

import gzip
import io
import json
import os
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from integrations.events.api import events
from tests.events.conftest import rows

pytestmark = pytest.mark.usefixtures("tenant")
Post = Callable[..., Any]

EVENT = b'{"tenant":"alder","type":"order.created","detail":{"n":123456789012345678901234567890, "m":1.50}}'


def random_event(size: int) -> bytes:
    """An event that hardly shrinks, so that its compressed body arrives in several chunks."""
    return EVENT.replace(b"{", b'{"id":"%s",' % os.urandom(50).hex().encode(), 1).replace(
        b'"m"', b'"r":"%s","m"' % os.urandom(size // 2).hex().encode()
    )


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " x-gzip"])
def test_a_compressed_event_is_stored_byte_for_byte(post: Post, encoding: str) -> None:
    answer = post(gzip.compress(EVENT), content_encoding=encoding)
    assert (answer.status_code, answer.json()["stored"]) == (202, 1)
    ((wire,),) = rows("select wire from events")
    assert '{"n":123456789012345678901234567890, "m":1.50}' in json.loads(b"{" + bytes(wire))["Detail"]


def test_batches_and_lines_may_be_compressed(post: Post) -> None:
    batch = b'{"events":[' + EVENT + b"," + EVENT + b"]}"
    assert post(gzip.compress(batch), content_encoding="gzip").json()["stored"] == 2
    lines = gzip.compress(b"\n".join([EVENT] * 3))
    assert post(lines, content_type="application/x-ndjson", content_encoding="gzip").json()["stored"] == 3


def test_concatenated_gzip_files_are_one_body(post: Post) -> None:
    files = gzip.compress(EVENT + b"\n") + gzip.compress(b"") + gzip.compress(EVENT + b"\n")
    assert post(files, content_type="application/x-ndjson", content_encoding="gzip").json()["stored"] == 2


def test_a_body_of_several_chunks_is_read_to_its_end(post: Post) -> None:
    lines = b"\n".join(random_event(100_000) for _ in range(10))
    answer = post(gzip.compress(lines), content_type="application/x-ndjson", content_encoding="gzip")
    assert answer.json()["stored"] == 10


def test_a_compressed_body_may_come_in_chunks_of_http(api_key: str, store: None) -> None:
    environ = RequestFactory().post("/api/v1/events", b"", content_type="application/json").environ
    environ |= {
        "wsgi.input": io.BytesIO(gzip.compress(EVENT)),
        "CONTENT_LENGTH": "",
        "CONTENT_TYPE": "application/json",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "HTTP_CONTENT_ENCODING": "gzip",
        "HTTP_AUTHORIZATION": f"Bearer {api_key}",
    }
    response = events(WSGIRequest(environ))
    assert (response.status_code, json.loads(response.content)["stored"]) == (202, 1)


def test_what_counts_is_the_size_after_decompression(post: Post, settings: Any) -> None:
    settings.MAX_BODY_BYTES = 1_000
    fitting = EVENT + b" " * (1_000 - len(EVENT))
    assert post(gzip.compress(fitting), content_encoding="gzip").status_code == 202
    assert code_of(post(gzip.compress(fitting + b" "), content_encoding="gzip")) == (413, "body_too_large")


def test_a_bomb_is_refused_soon_and_never_unpacked(post: Post) -> None:
    compressor = zlib.compressobj(9, wbits=31)
    bomb = b"".join(compressor.compress(bytes(1024 * 1024)) for _ in range(500)) + compressor.flush()
    tracemalloc.start()
    started = time.monotonic()
    try:
        answer = post(bomb, content_encoding="gzip")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert code_of(answer) == (413, "body_too_large")
    assert time.monotonic() - started < 3
    assert peak < 30 * 1024 * 1024


def test_a_bomb_of_many_small_files_is_refused_soon(post: Post) -> None:
    started = time.monotonic()
    answer = post(gzip.compress(b"") * 400_000, content_encoding="gzip")
    assert code_of(answer) == (400, "gzip_invalid")
    assert "more than 1000" in answer.json()["detail"]
    assert time.monotonic() - started < 3


WHOLE = gzip.compress(EVENT)
BROKEN = {
    "not compressed": EVENT,
    "cut": WHOLE[:-20],
    "cut in its checksum": WHOLE[:-3],
    "another checksum": WHOLE[:-8] + bytes(8),
    "more behind it": WHOLE + b"more",
    "zlib without the header of gzip": zlib.compress(EVENT),
    "only a header": WHOLE[:10],
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_what_is_not_whole_gzip_is_refused_whole(post: Post, body: bytes) -> None:
    answer = post(body, content_encoding="gzip")
    assert code_of(answer) == (400, "gzip_invalid")
    assert answer["Content-Type"] == "application/problem+json"
    assert rows("select count(*) from events") == [(0,)]


@pytest.mark.parametrize("body", [b"", gzip.compress(b"", mtime=0)], ids=["bare", "compressed"])
def test_nothing_is_an_empty_body_also_when_compressed(post: Post, body: bytes) -> None:
    assert code_of(post(body, content_encoding="gzip")) == (400, "body_empty")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_another_encoding_is_refused_and_told_what_is_taken(post: Post, encoding: str) -> None:
    answer = post(EVENT, content_encoding=encoding)
    assert code_of(answer) == (415, "encoding_unsupported")
    assert "gzip" in answer.json()["detail"]
