"""A NUL in a form is told by its field and reaches no view, whatever the form."""

from collections.abc import Callable

import pytest
from django.test import Client

from tests.dashboard.cast import Cast
from tests.dashboard.decided import everybody, onboarding, operators, portal

POSTED = {
    route: path
    for route, (method, path, _) in (
        everybody.DECIDED | operators.DECIDED | onboarding.DECIDED | portal.DECIDED
    ).items()
    if method == "POST"
}


@pytest.mark.parametrize("role", ["operations", "tenant admin", "anonymous"])
def test_no_form_takes_a_nul(role: str, client_of: Callable[[str], Client], cast: Cast) -> None:
    client = client_of(role)
    known = {"alder": cast.alder.public_id, "nothing": "01890000-0000-7000-8000-000000000000"}
    for route, path in POSTED.items():
        answer = client.post(path.format_map(known), {"note": "a\x00b"})
        assert answer.status_code == 400, route
        assert "In “note” there is a NUL" in answer.content.decode()


def test_the_sentence_alone_is_for_a_form_that_stores_itself(client_of: Callable[[str], Client]) -> None:
    answer = client_of("manager").post("/theme", {"value": "\x00"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert answer.content.startswith(b"It holds a NUL")


def test_the_name_of_a_field_is_text(client_of: Callable[[str], Client]) -> None:
    page = client_of("manager").post("/theme", {"<script>\x00": "dark"}).content.decode()
    assert "In “&lt;script&gt;” there is a NUL" in page


def test_a_form_without_one_goes_on(client_of: Callable[[str], Client]) -> None:
    assert client_of("manager").post("/theme", {"theme": "dark"}).status_code == 302


def test_a_forged_form_is_refused_as_forged(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/theme", {"theme": "a\x00"}).status_code == 403


def test_the_api_reads_its_own_bodies(cast: Cast) -> None:
    answer = Client().post("/api/v1/events", "a=%00", "application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")
