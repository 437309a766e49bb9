import json
import logging

import pytest
import structlog
from django.conf import settings

from dashboard.secret_addresses import hide_tokens


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Not Found: /hand-off/s3cret", "Not Found: /hand-off/[hidden]"),
        ("POST /invitations/s3cret", "POST /invitations/[hidden]"),
        ("GET /portal-link/s3cret?x=1", "GET /portal-link/[hidden]?x=1"),
        ("GET /accounts/email/MQ:1x:s3cret", "GET /accounts/email/[hidden]"),
        ("GET /accounts/email", "GET /accounts/email"),
        ("GET /portal/01890000/", "GET /portal/01890000/"),
    ],
)
def test_a_token_in_an_address_is_hidden_and_nothing_else(text: str, hidden: str) -> None:
    assert hide_tokens(None, "", {"event": text, "code": 404}) == {"event": hidden, "code": 404}


def test_a_line_of_the_log_goes_through_it() -> None:
    given = {name: value for name, value in settings.LOGGING["formatters"]["json"].items() if name != "()"}
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", ("/hand-off/s3cret",), None)
    line = json.loads(structlog.stdlib.ProcessorFormatter(**given).format(record))
    assert line["event"] == "Not Found: /hand-off/[hidden]"
