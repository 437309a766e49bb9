"""Reading a posted body: bounded in size and in patience, compressed or not, and never half of it."""

import time
import zlib
from collections.abc import Iterable, Iterator
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

GZIP = ("gzip", "x-gzip")
GZIP_FORMAT = 16 + zlib.MAX_WBITS  # with its header and checksum
# Concatenated gzip files are one gzip file. Looking behind the end of each copies what is left of the chunk.
MAX_GZIP_MEMBERS = 1_000


def read_body(request: HttpRequest, *, may_be_empty: bool = False) -> bytes:
    """Return the body, decompressed.

    Raises Problem when it is empty, encoded in another way than gzip, too long, too slow, broken or not complete.
    """
    encoding = (request.headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding == "identity":
        body = b"".join(_chunks(request))
    elif encoding in GZIP:
        body = _decompressed(request)
    else:
        discard_body(request)
        raise Problem(
            415, "encoding_unsupported", f"Post the body with Content-Encoding: gzip or without one, not {encoding!r}."
        )
    if not body and not may_be_empty:
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


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    """Yield the body as it arrives, MAX_BODY_BYTES at most. Raises Problem when it does not arrive completely."""
    _limit_silence(request, BODY_SECONDS)
    stream, ends_at = _stream(request), time.monotonic() + BODY_SECONDS
    size = 0
    try:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > settings.MAX_BODY_BYTES:
                raise _too_large(request)
            yield chunk
            if time.monotonic() > ends_at:
                raise TimeoutError
    except (TimeoutError, UnreadablePostError):
        raise Problem(
            408, "body_timeout", f"The body did not arrive within {BODY_SECONDS:.0f} seconds. Nothing was stored."
        ) from None
    announced = request.headers.get("Content-Length") or "0"
    if not _is_chunked(request) and size < int(announced):
        raise Problem(
            400, "body_incomplete", f"Only {size} of {announced} bytes arrived. Nothing was stored: post it again."
        )


def _decompressed(request: HttpRequest) -> bytes:
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in _inflated(_chunks(request)):
            pieces.append(piece)
            size += len(piece)
            if size > settings.MAX_BODY_BYTES:
                raise _too_large(request)
    except (zlib.error, EOFError) as error:
        discard_body(request)
        raise Problem(400, "gzip_invalid", f"The body is not whole gzip data: {error}. Nothing was stored.") from None
    return b"".join(pieces)


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress in pieces of CHUNK bytes, so that a bomb is noticed while it is small.

    Raises zlib.error for what is not gzip and EOFError for what ends too early. Nothing at all is an empty body.
    """
    member, members = None, 0
    for chunk in chunks:
        rest = chunk
        while rest:
            if member is None or member.eof:
                member, members = zlib.decompressobj(GZIP_FORMAT), members + 1
            if members > MAX_GZIP_MEMBERS:
                raise zlib.error(f"it has more than {MAX_GZIP_MEMBERS} members")
            yield member.decompress(rest, CHUNK)
            rest = member.unused_data or member.unconsumed_tail
    if member is not None and not member.eof:
        raise EOFError("it ends too early")


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
