"""Limit and NextToken: pages of lists that are sorted by name."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from operator import itemgetter
from typing import Any, TypeVar

from integrations.sandbox.errors import validation_error
from integrations.sandbox.operations import Call

Item = TypeVar("Item")
LARGEST_PAGE = 100


def page(
    call: Call, name: str, items: Iterable[tuple[str, Item]], largest: int = LARGEST_PAGE, limit: str = "Limit"
) -> dict[str, Any]:
    """Answer `{name: [...], "NextToken": ...}` from (sort key, item) pairs; no token on the last page."""
    after = _position(call)
    size = call.parameters.get(limit, largest)
    rest = sorted((pair for pair in items if pair[0] > after), key=itemgetter(0))
    answer: dict[str, Any] = {name: [item for _, item in rest[:size]]}
    if len(rest) > size:
        answer["NextToken"] = _token(call, rest[size - 1][0])
    return answer


def _token(call: Call, last: str) -> str:
    return urlsafe_b64encode(f"{call.operation}\n{last}".encode()).decode()


def _position(call: Call) -> str:
    token = call.parameters.get("NextToken")
    if token is None:
        return ""
    try:
        operation, last = urlsafe_b64decode(token).decode().split("\n")
    except (NotBase64, ValueError):
        operation = last = ""
    if operation != call.operation:
        raise validation_error(f"NextToken is not valid for {call.operation}: pass the token of the page before.")
    return last
