from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tenants.models import Tenant
from tests.api.conftest import Call, problem

OFFER = b'{"account":"222222222222","region":"eu-west-1"%s}'


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"{'name': 'x'}",
        b'{"name": NaN}',
        b'{"name": "\xff"}',
        b'{"name": "\xed\xa0\x80"}',
        '{"name": "x"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"name": ' + b"1" * 5_000 + b"}",
    ],
)
def test_what_is_not_json_in_utf_8_is_400(call: Call, tenant: Tenant, body: bytes) -> None:
    answer = call("POST", "/tenants/alder/sources", body)
    if body:
        problem(answer, 400, "json_invalid")
    else:
        problem(answer, 422, "invalid_request")


@pytest.mark.parametrize("escape", [b"\\u0000", b"\\ud800", b"\\udfff\\ud800"])
@pytest.mark.parametrize(
    ("place", "field"),
    [
        (b', "label": "%s"', "label"),
        (b', "event_types": ["%s"]', "event_types"),
        (b', "pattern": {"detail": {"a": ["%s"]}}', "pattern"),
        (b', "pattern": {"%s": ["a"]}', "pattern"),
        (b', "surplus": "%s"', "surplus"),
    ],
)
def test_text_that_cannot_be_stored_is_422_naming_the_field(
    call: Call, tenant: Tenant, escape: bytes, place: bytes, field: str
) -> None:
    answer = call("POST", "/tenants/alder/sources", OFFER % (place % escape))
    assert problem(answer, 422, "invalid_request")["errors"][0]["field"] == field


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"null"])
def test_json_that_is_no_object_is_422(call: Call, body: bytes) -> None:
    problem(call("PUT", "/tenants/42", body), 422, "invalid_request")


def test_a_body_over_the_limit_is_413(call: Call, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    problem(call("PUT", "/tenants/42", {"name": "x" * 101}), 413, "body_too_large")


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/tenants/", "/tenants/a/b", "/tenants/a/sources/b/c", "/%00"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_a_404_problem(call: Call, method: str, path: str) -> None:
    problem(call(method, path), 404, "path_unknown")


def test_an_unknown_version_is_a_404_problem(client: Client) -> None:
    problem(client.get("/api/v2/tenants"), 404, "path_unknown")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/tenants", "GET"),
        ("POST", "/tenants/alder", "DELETE, GET, PUT"),
        ("PUT", "/tenants/alder/sources", "GET, POST"),
        ("PUT", "/tenants/alder/sources/x", "DELETE, GET, PATCH"),
        ("OPTIONS", "/tenants", "GET"),
    ],
)
def test_a_wrong_method_is_405_and_says_which_are_right(call: Call, method: str, path: str, allowed: str) -> None:
    answer = call(method, path)
    problem(answer, 405, "method_not_allowed")
    assert answer["Allow"] == allowed


def test_a_database_that_is_away_is_503_with_retry_after(call: Call, db: None) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("the connection is closed")

    with connection.execute_wrapper(refuse):
        answer = call("GET", "/tenants")
    problem(answer, 503, "store_unavailable")
    assert int(answer["Retry-After"]) > 0


def test_a_defect_is_a_500_problem_that_gives_nothing_away(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("dashboard.api.tenants.put_tenant", fail)
    answer = call("PUT", "/tenants/42")
    problem(answer, 500, "internal_error")
    assert b"secret" not in answer.content
