"""All pages of a running product: found by following its links, and named by the URL configuration."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

from tests.browser.demo_world import ALDER, BIRCH, OPS, SUPPORT, VIEWER, DemoWorld
from tests.dashboard.test_roles import DECIDED

LINK = re.compile(r'href="([^"#]+)"')
MOST = 2  # addresses of a route that are followed for what stands behind them
# Pages that look quite different from one object to the next: each of them is looked at.
SEVERAL = {"operator_source": 9, "portal_connection": 9, "onboarding_item": 3}

# Not pages: what is fetched, sent or redirected, and what a browser without a passkey never sees.
NO_PAGES = {
    "livez": "for machines",
    "readyz": "for machines",
    "metrics": "for machines",
    "favicon.ico": "a redirect",
    "brand/<uuid:integration>.css": "a style sheet",
    "brand/<uuid:integration>.png": "a picture",
    "operators/traffic": "a region of the overview",
    "operators/begin": "of an empty installation, see test_first_run",
    "operators/sandbox": "leads to the simulator, see test_sandbox_console",
    "operators/events/<uuid:event>.json": "a file",
    "onboarding/<slug:integration>/questionnaire/answers/<slug:key>/earlier": "a region of the questionnaire",
    "onboarding/<slug:integration>/questionnaire/markdown": "a file",
    "onboarding/<slug:integration>/questionnaire/pdf": "a file",
    "onboarding/<slug:integration>/questionnaire/questions.json": "a file",
    "onboarding/<slug:integration>/validation/calendar": "a file",
    "onboarding/<slug:integration>/validation/runs/<uuid:run>/report/json": "a file",
    "onboarding/<slug:integration>/validation/runs/<uuid:run>/report/pdf": "a file",
    "onboarding/integrations/<str:integration>/development/kit/<slug:key>": "a file",
    "onboarding/integrations/<str:integration>/files/<str:file>": "a file",
    "hand-off/<str:token>/kit/<str:key>": "a file",
    "portal/<str:tenant>/sources/<str:source>/kit/<str:key>": "a file",
    "accounts/factors/codes/download": "a file",
    "accounts/login/passkey": "asked by a script",
    "accounts/factors": "leads to the account",
    "accounts/factors/again": "in the place of the password for who has no password",
    "accounts/factors/ask": "between password and session",
    "accounts/password/set": "for who has no password",
    "accounts/factors/keys": "leads to the account without a passkey",
    "accounts/factors/keys/again": "needs a passkey",
    "accounts/factors/keys/<int:pk>": "needs a passkey",
    "accounts/factors/keys/<int:pk>/remove": "needs a passkey",
    "first-administrator/<str:token>": "of an empty installation, see test_first_run",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """A page to look at: whose, where, and what its picture is called."""

    who: str
    path: str
    route: str
    name: str


def pages() -> set[str]:
    """Return the routes of all pages: what is decided as something to read, without the API and what is no page."""
    read = {route for route, (method, _, _) in DECIDED.items() if method == "GET" and not route.startswith("api/")}
    return {route.replace("^", "") for route in read - NO_PAGES.keys()}  # as a resolved address names it


def visits_of(world: DemoWorld) -> list[Visit]:
    """Return one visit of each page that links and mails lead to; of some pages several."""
    found: dict[str, list[Visit]] = {}
    for who in (OPS, ALDER, BIRCH, VIEWER, SUPPORT, ""):
        for visit in _walk(world, who):
            known = found.setdefault(visit.route, [])
            if len(known) < SEVERAL.get(visit.name, 1) and visit.path not in [each.path for each in known]:
                known.append(visit)
    return [
        Visit(each.who, each.path, each.route, f"{each.name}-{place}" if place else each.name)
        for visits in found.values()
        for place, each in enumerate(visits)
    ]


def _walk(world: DemoWorld, who: str) -> Iterator[Visit]:
    context = world.open(who)
    seen: dict[str, set[str]] = {}
    ahead = ["/", "/accounts", "/accounts/logout", *(path for whose, path in world.addresses if whose == who)]
    if not who:
        ahead += [path for _, path, _ in DECIDED.values() if "{" not in path]
    while ahead:
        path = _path(world, ahead.pop(0))
        try:
            match = resolve(path.partition("?")[0])
        except Resolver404:
            continue
        known = seen.setdefault(match.route, set())
        if path in known or len(known) >= max(MOST, SEVERAL.get(match.view_name, 0)) or match.route not in pages():
            continue
        known.add(path)
        answer = context.request.get(path)
        if _path(world, answer.url) != path:
            ahead.append(answer.url)
            continue
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        yield Visit(who, path, match.route, match.view_name)
        if answer.ok:
            ahead += [unescape(link) for link in LINK.findall(answer.text()) if not link.startswith("?")]
    context.close()


def _path(world: DemoWorld, address: str) -> str:
    if not address.startswith((world.stack.web_url, "/")):
        return "elsewhere"
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
