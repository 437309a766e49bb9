"""Every URL, asked by every kind of person. A new URL fails here until somebody has decided who may open it."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.dashboard.cast import ROLES, STAFF, Cast
from tests.dashboard.decided import api, everybody, onboarding, operators, portal
from tests.dashboard.decisions import Decisions

DECIDED: Decisions = everybody.DECIDED | api.DECIDED | operators.DECIDED | onboarding.DECIDED | portal.DECIDED


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def ask(client: Client, method: str, path: str) -> int:
    if method == "GET":
        return client.get(path).status_code
    return client.post(path, "{}", "application/json").status_code


def test_somebody_has_decided_on_every_url() -> None:
    assert set(routes(get_resolver().url_patterns)) == DECIDED.keys()


@pytest.mark.parametrize("role", ROLES)
def test_every_url_answers_each_role_as_decided(role: str, client_of: Callable[[str], Client], cast: Cast) -> None:
    client = client_of(role)
    known = {"alder": cast.alder.public_id, "nothing": "01890000-0000-7000-8000-000000000000"}
    answers = {route: ask(client, method, path.format_map(known)) for route, (method, path, _) in DECIDED.items()}
    assert answers == {route: answer[role] for route, (_, _, answer) in DECIDED.items()}


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("anonymous", *STAFF)])
def test_people_of_tenants_never_see_the_page_of_staff(role: str, client_of: Callable[[str], Client]) -> None:
    assert "operators/status.html" not in [used.name for used in client_of(role).get("/").templates]
