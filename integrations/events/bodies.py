"""Reading a posted body, bounded."""

from django.conf import settings
from django.http import HttpRequest

from integrations.problems import Problem

CHUNK = 64 * 1024
# A refused body is read and thrown away up to this multiple of the limit: a client that is still sending when the
# connection closes sees a reset and not our answer.
PATIENCE = 10


def read_body(request: HttpRequest) -> bytes:
    """Return the body. Raises Problem when it is empty, encoded or longer than MAX_BODY_BYTES."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        discard_body(request)
        raise Problem(415, "encoding_unsupported", "Post the body without Content-Encoding.")
    chunks, size = [], 0
    while chunk := request.read(CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > settings.MAX_BODY_BYTES:
            chunks.clear()
            discard_body(request)
            raise Problem(
                413,
                "body_too_large",
                f"The body is longer than {settings.MAX_BODY_BYTES} bytes. Nothing was stored: post less at once.",
            )
    if not chunks:
        raise Problem(400, "body_empty", 'The body is empty. Post one event object, or {"events": [...]}.')
    return b"".join(chunks)


def discard_body(request: HttpRequest) -> None:
    """Read what the client still sends, within reason, and forget it."""
    left = settings.MAX_BODY_BYTES * PATIENCE
    while left > 0 and (chunk := request.read(CHUNK)):
        left -= len(chunk)
