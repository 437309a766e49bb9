"""Addresses that are a secret by themselves: their tokens are kept out of the log."""

import re
from collections.abc import MutableMapping
from typing import Any

SECRET = re.compile(
    r"/(portal-link|invitations|hand-off|first-administrator|accounts/password/reset|accounts/email)/[^\s\"'/?]+"
)


def hide_tokens(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the token of such an address in every text of a log line; a processor of structlog."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = SECRET.sub(r"/\1/[hidden]", value)
    return event
