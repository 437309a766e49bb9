"""AWS's side of these tests: the simulator or a scripted endpoint in place of `events` and `sts`."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from integrations.aws.connections import forget_connections
from tests.aws.scripted_aws import Script, answer

_FOREIGN = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


@contextmanager
def endpoint(monkeypatch: pytest.MonkeyPatch, url: str) -> Iterator[None]:
    """Send every call to `url`, with the credentials of the publisher 111111111111."""
    for name in _FOREIGN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTS", url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    forget_connections()
    yield
    forget_connections()


def created() -> Script:
    return answer({"EventSourceArn": "arn:aws:events:eu-west-1::event-source/aws.partner/from-aws/x"})


def accounts(*accounts: str, state: str = "PENDING", **fields: Any) -> Script:
    """Answer ListPartnerEventSourceAccounts with these accounts; moments are seconds since 1970."""
    rows = [{"Account": account, "State": state, **fields} for account in accounts]
    return answer({"PartnerEventSourceAccounts": rows})


def meanwhile(act: Callable[[], object], then: Script) -> Script:
    """Do something while our call is on its way, then answer it. It runs in a thread of its own, as others do."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        other = threading.Thread(target=act)
        other.start()
        other.join(10)
        then(handler)

    return send


def names_in(body: bytes) -> dict[str, Any]:
    return json.loads(body)  # type: ignore[no-any-return]
