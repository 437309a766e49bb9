"""The HTTP API, which asks for a key and not for a person."""

from tests.dashboard.decisions import NEEDS_A_KEY, Decisions, everybody

DECIDED: Decisions = {
    "api/v1/": ("GET", "/api/v1/", everybody(404)),
    "api/v1/docs": ("GET", "/api/v1/docs", everybody(200)),
    "api/v1/openapi.json": ("GET", "/api/v1/openapi.json", everybody(200)),
    "api/v1/events": ("POST", "/api/v1/events", NEEDS_A_KEY),
    "api/v1/events/<str:event_id>": ("GET", "/api/v1/events/{nothing}", NEEDS_A_KEY),
    "api/v1/changes": ("GET", "/api/v1/changes", NEEDS_A_KEY),
    "api/v1/series": ("GET", "/api/v1/series", NEEDS_A_KEY),
    "api/v1/replays": ("GET", "/api/v1/replays", NEEDS_A_KEY),
    "api/v1/replays/<replay>": ("GET", "/api/v1/replays/{nothing}", NEEDS_A_KEY),
    "api/v1/replays/<replay>/cancel": (
        "POST",
        "/api/v1/replays/{nothing}/cancel",
        NEEDS_A_KEY,
    ),
    "api/v1/dead-letters/discard": ("POST", "/api/v1/dead-letters/discard", NEEDS_A_KEY),
    "api/v1/tenants": ("GET", "/api/v1/tenants", NEEDS_A_KEY),
    "api/v1/tenants/<tenant>": ("GET", "/api/v1/tenants/alder", NEEDS_A_KEY),
    "api/v1/tenants/<tenant>/diagnosis": ("GET", "/api/v1/tenants/alder/diagnosis", NEEDS_A_KEY),
    "api/v1/tenants/<tenant>/portal-sessions": ("POST", "/api/v1/tenants/alder/portal-sessions", NEEDS_A_KEY),
    "api/v1/tenants/<tenant>/portal-sessions/<session>": (
        "GET",
        "/api/v1/tenants/alder/portal-sessions/{nothing}",
        everybody(405),
    ),
    "api/v1/tenants/<tenant>/sources": ("GET", "/api/v1/tenants/alder/sources", NEEDS_A_KEY),
    "api/v1/tenants/<tenant>/sources/<source>": (
        "GET",
        "/api/v1/tenants/alder/sources/{nothing}",
        NEEDS_A_KEY,
    ),
    "api/v1/tenants/<tenant>/sources/<source>/reprovision": (
        "POST",
        "/api/v1/tenants/alder/sources/{nothing}/reprovision",
        NEEDS_A_KEY,
    ),
    "api/v1/tenants/<tenant>/sources/<source>/pause": (
        "POST",
        "/api/v1/tenants/alder/sources/{nothing}/pause",
        NEEDS_A_KEY,
    ),
    "api/v1/tenants/<tenant>/sources/<source>/resume": (
        "POST",
        "/api/v1/tenants/alder/sources/{nothing}/resume",
        NEEDS_A_KEY,
    ),
    "api/v1/tenants/<tenant>/sources/<source>/succession": (
        "POST",
        "/api/v1/tenants/alder/sources/{nothing}/succession",
        NEEDS_A_KEY,
    ),
    "api/v1/tenants/<tenant>/sources/<source>/test-event": (
        "POST",
        "/api/v1/tenants/alder/sources/{nothing}/test-event",
        NEEDS_A_KEY,
    ),
    "api/v1/tenants/<tenant>/sources/<source>/hand-off-links": (
        "GET",
        "/api/v1/tenants/alder/sources/{nothing}/hand-off-links",
        NEEDS_A_KEY,
    ),
    "api/v1/tenants/<tenant>/sources/<source>/hand-off-links/<link>": (
        "GET",
        "/api/v1/tenants/alder/sources/{nothing}/hand-off-links/{nothing}",
        everybody(405),
    ),
    "api/^.*$": ("GET", "/api/nothing", everybody(404)),
}
