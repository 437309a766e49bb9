"""Every URL, asked by every kind of person. A new URL fails here until somebody has decided who may open it."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.dashboard.cast import ROLES, STAFF

EVENT = "01890000-0000-7000-8000-000000000000"


def everybody(status: int) -> dict[str, int]:
    return dict.fromkeys(ROLES, status)


PEOPLE = everybody(200) | {"anonymous": 302}
OUTSIDERS = everybody(302) | {"anonymous": 200}
# People's sessions are worth nothing to the API: it asks for a key.
NEEDS_A_KEY = everybody(401)

# route: (method, path, answer by role)
DECIDED: dict[str, tuple[str, str, dict[str, int]]] = {
    "": ("GET", "/", PEOPLE),
    "theme": ("POST", "/theme", everybody(302)),
    "favicon.ico": ("GET", "/favicon.ico", everybody(302)),
    "accounts/login": ("GET", "/accounts/login", OUTSIDERS),
    "accounts/logout": ("GET", "/accounts/logout", PEOPLE),
    "accounts/signup": ("GET", "/accounts/signup", OUTSIDERS),
    "accounts/password/reset": ("GET", "/accounts/password/reset", everybody(200)),
    "accounts/password/reset/sent": ("GET", "/accounts/password/reset/sent", everybody(200)),
    "accounts/password/reset/changed": ("GET", "/accounts/password/reset/changed", everybody(200)),
    "^accounts/password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-0-9A-Za-z]+)$": (
        "GET",
        "/accounts/password/reset/1-forged-key",
        everybody(200),
    ),
    "first-administrator/<str:token>": ("GET", "/first-administrator/forged", everybody(404)),
    "livez": ("GET", "/livez", everybody(200)),
    "readyz": ("GET", "/readyz", everybody(200)),
    "metrics": ("GET", "/metrics", everybody(200)),  # from this machine; test_metrics.py has the others
    "api/v1/": ("GET", "/api/v1/", everybody(404)),
    "api/v1/docs": ("GET", "/api/v1/docs", everybody(200)),
    "api/v1/openapi.json": ("GET", "/api/v1/openapi.json", everybody(200)),
    "api/v1/events": ("POST", "/api/v1/events", NEEDS_A_KEY),
    "api/v1/events/<str:event_id>": ("GET", f"/api/v1/events/{EVENT}", NEEDS_A_KEY),
    "api/v1/series": ("GET", "/api/v1/series", NEEDS_A_KEY),
    "api/v1/replays": ("GET", "/api/v1/replays", NEEDS_A_KEY),
    "api/v1/replays/<replay>": ("GET", f"/api/v1/replays/{EVENT}", NEEDS_A_KEY),
    "api/v1/replays/<replay>/cancel": ("POST", f"/api/v1/replays/{EVENT}/cancel", NEEDS_A_KEY),
    "api/v1/dead-letters/discard": ("POST", "/api/v1/dead-letters/discard", NEEDS_A_KEY),
    "api/v1/tenants": ("GET", "/api/v1/tenants", NEEDS_A_KEY),
    "api/v1/tenants/<tenant>": ("GET", "/api/v1/tenants/alder", NEEDS_A_KEY),
    "api/v1/tenants/<tenant>/sources": ("GET", "/api/v1/tenants/alder/sources", NEEDS_A_KEY),
    "api/v1/tenants/<tenant>/sources/<source>": ("GET", f"/api/v1/tenants/alder/sources/{EVENT}", NEEDS_A_KEY),
    "api/^.*$": ("GET", "/api/nothing", everybody(404)),
}


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
def test_every_url_answers_each_role_as_decided(role: str, client_of: Callable[[str], Client]) -> None:
    client = client_of(role)
    answers = {route: ask(client, method, path) for route, (method, path, _) in DECIDED.items()}
    assert answers == {route: answer[role] for route, (_, _, answer) in DECIDED.items()}


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("anonymous", *STAFF)])
def test_people_of_tenants_never_see_the_page_of_staff(role: str, client_of: Callable[[str], Client]) -> None:
    assert "operators/status.html" not in [used.name for used in client_of(role).get("/").templates]
