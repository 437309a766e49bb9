"""The HTTP API under `/api/v1/`, one document and one way to say no for all of it.

Storing events is a plain view of the event path, because validation by models would cost more there than storing; it
is mounted before these patterns and described in the same document.
"""

from django.urls import URLPattern, URLResolver, include, path, re_path

from dashboard.api import (
    changes,
    dead_letters,
    diagnosis,
    hand_off,
    metrics,
    portal_sessions,
    problems,
    replays,
    source_actions,
    tenants,
)
from dashboard.api.bodies import StrictParser
from dashboard.api.documentation import DocumentedApi, OwnPage

api = DocumentedApi(
    title="Partnerbus",
    version="1",
    description="Offers a SaaS's tenants partner event sources, and hands events to Amazon EventBridge.",
    urls_namespace="api",
    parser=StrictParser(),
    docs=OwnPage(),
)
problems.install(api)
api.add_router("", tenants.router)
api.add_router("", diagnosis.router)
api.add_router("", hand_off.router)
api.add_router("", portal_sessions.router)
api.add_router("", source_actions.router)
api.add_router("", changes.router)
api.add_router("", replays.router)
api.add_router("", dead_letters.router)
api.add_router("", metrics.router)


def _patterns() -> tuple[list[URLPattern], str]:
    patterns, _, namespace = api.urls
    plain = [pattern for pattern in patterns if isinstance(pattern, URLPattern)]
    return [
        URLPattern(pattern.pattern, problems.speaking_problems(pattern.callback), pattern.default_args, pattern.name)
        for pattern in plain
    ], namespace


urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include(_patterns())),
    re_path(r"^.*$", problems.unknown_path),
]
