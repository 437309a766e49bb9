"""The one shape in which the API says that something is wrong: `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping
from typing import Any


class Problem(Exception):
    """An answer other than success, raised by use cases and authentication, rendered by the API's edge.

    `code` is stable and made for programs, `detail` is a sentence that says what to do.
    `extra` members are added to the document, `headers` to the response.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra

    def document(self) -> dict[str, Any]:
        """Return the problem document as a JSON-ready mapping."""
        return {"type": "about:blank", "status": self.status, "code": self.code, "detail": self.detail, **self.extra}
