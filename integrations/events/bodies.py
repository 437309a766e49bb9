"""Reading a posted body: bounded in size and in patience, and never half of it."""

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError

from integrations.problems import Problem

CHUNK = 64 * 1024
# A refused body is read and thrown away up to this multiple of the limit: a client that is still sending when the
# connection closes sees a reset and not our answer.
PATIENCE = 10
BODY_SECONDS = 30.0
DISCARD_SECONDS = 2.0


def read_body(request: HttpRequest) -> bytes:
    """Return the body. Raises Problem when it is empty, encoded, too long, too slow or not complete."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        discard_body(request)
        raise Problem(415, "encoding_unsupported", "Post the body without Content-Encoding.")
    body = _read(request)
    announced = request.headers.get("Content-Length") or "0"
    if not _is_chunked(request) and len(body) < int(announced):
        raise Problem(
            400, "body_incomplete", f"Only {len(body)} of {announced} bytes arrived. Nothing was stored: post it again."
        )
    if not body:
        raise Problem(400, "body_empty", 'The body is empty. Post one event object, or {"events": [...]}.')
    return body


def discard_body(request: HttpRequest) -> None:
    """Read what the client still sends, for a moment and within reason, and forget it."""
    _limit_silence(request, DISCARD_SECONDS)
    stream, left = _stream(request), settings.MAX_BODY_BYTES * PATIENCE
    ends_at = time.monotonic() + DISCARD_SECONDS
    try:
        while left > 0 and time.monotonic() < ends_at and (chunk := stream.read(CHUNK)):
            left -= len(chunk)
    except OSError:
        return


def _read(request: HttpRequest) -> bytes:
    _limit_silence(request, BODY_SECONDS)
    stream, ends_at = _stream(request), time.monotonic() + BODY_SECONDS
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := stream.read(CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > settings.MAX_BODY_BYTES:
                raise _too_large(request)
            if time.monotonic() > ends_at:
                raise TimeoutError
    except (TimeoutError, UnreadablePostError):
        raise Problem(
            408, "body_timeout", f"The body did not arrive within {BODY_SECONDS:.0f} seconds. Nothing was stored."
        ) from None
    return b"".join(chunks)


def _too_large(request: HttpRequest) -> Problem:
    discard_body(request)
    limit = settings.MAX_BODY_BYTES
    return Problem(
        413, "body_too_large", f"The body is longer than {limit} bytes. Nothing was stored: post less at once."
    )


def _stream(request: HttpRequest) -> Any:
    """Django takes a chunked body for an empty one; the server has put its pieces together already."""
    return request.META["wsgi.input"] if _is_chunked(request) else request


def _is_chunked(request: HttpRequest) -> bool:
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower()


def _limit_silence(request: HttpRequest, seconds: float) -> None:
    """A client that promises a body and sends nothing would hold a thread for ever: gunicorn sets no limit."""
    if server_socket := request.META.get("gunicorn.socket"):
        server_socket.settimeout(seconds)
