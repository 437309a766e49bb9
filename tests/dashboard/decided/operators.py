"""The pages of support staff and operations."""

from tests.dashboard.cast import STAFF
from tests.dashboard.decisions import ALL_STAFF, Decisions, only

# Without an environment there is nothing to replay: they are sent back to the events.
SUPPORT_ALONE = only("support", "operations", status=302)
OPERATIONS_ALONE = only("operations", among=("support", "manager"))
NOT_THERE = {"operations": 404}

NOBODYS = ALL_STAFF | dict.fromkeys(STAFF, 404)
ACTS_ON_NOBODY = only("support", "operations", status=404, among=("manager",))
ACTIONS = ("pause", "resume", "reprovision", "delete", "test-event", "selection", "drain-rate", "succession")

DECIDED: Decisions = {
    "operators/": ("GET", "/operators/", ALL_STAFF),
    "operators/traffic": ("GET", "/operators/traffic", only(*STAFF, status=302)),
    **{
        f"operators/sources/<str:source>/{action}": (
            "GET",
            f"/operators/sources/{{nothing}}/{action}",
            ACTS_ON_NOBODY,
        )
        for action in ACTIONS
    },
    "operators/sources": ("GET", "/operators/sources", ALL_STAFF),
    "operators/sources/<str:source>": ("GET", "/operators/sources/{nothing}", NOBODYS),
    "operators/sources/<str:source>/history": ("GET", "/operators/sources/{nothing}/history", NOBODYS),
    "operators/sources/<str:source>/check": ("POST", "/operators/sources/{nothing}/check", ACTS_ON_NOBODY),
    "operators/tenants/<str:tenant>/close": (
        "GET",
        "/operators/tenants/{alder}/close",
        only("support", "operations", among=("manager",)),
    ),
    "operators/drift": ("GET", "/operators/drift", ALL_STAFF),
    "operators/drift/survey": (
        "POST",
        "/operators/drift/survey",
        only("operations", status=302, among=("support", "manager")),
    ),
    "operators/drift/<uuid:drift>/<str:action>": (
        "GET",
        "/operators/drift/{nothing}/delete",
        only("operations", status=404, among=("support", "manager")),
    ),
    "operators/adoption": ("GET", "/operators/adoption", OPERATIONS_ALONE),
    "operators/adoption/new": ("GET", "/operators/adoption/new", OPERATIONS_ALONE),
    "operators/adoption/<uuid:adoption>": ("GET", "/operators/adoption/{nothing}", OPERATIONS_ALONE | NOT_THERE),
    "operators/adoption/<uuid:adoption>/apply": (
        "POST",
        "/operators/adoption/{nothing}/apply",
        OPERATIONS_ALONE | NOT_THERE,
    ),
    "operators/adoption/<uuid:adoption>/cancel": (
        "POST",
        "/operators/adoption/{nothing}/cancel",
        OPERATIONS_ALONE | NOT_THERE,
    ),
    "operators/reprovision": ("GET", "/operators/reprovision", only("support", "operations", among=("manager",))),
    "operators/reprovision/new": (
        "GET",
        "/operators/reprovision/new",
        only("support", "operations", among=("manager",)),
    ),
    "operators/reprovision/<uuid:renewal>": ("GET", "/operators/reprovision/{nothing}", ACTS_ON_NOBODY),
    "operators/reprovision/<uuid:renewal>/cancel": (
        "POST",
        "/operators/reprovision/{nothing}/cancel",
        ACTS_ON_NOBODY,
    ),
    # There is no simulator in these tests.
    "operators/sandbox": ("GET", "/operators/sandbox", NOBODYS),
    "operators/tenants": ("GET", "/operators/tenants", ALL_STAFF),
    "operators/tenants/<str:tenant>": ("GET", "/operators/tenants/{alder}", ALL_STAFF),
    "operators/tenants/<str:tenant>/sources/new": (
        "GET",
        "/operators/tenants/{alder}/sources/new",
        only("support", "operations", among=("manager",)),
    ),
    "operators/environments": ("GET", "/operators/environments", ALL_STAFF),
    "operators/environments/<str:environment>": ("GET", "/operators/environments/{nothing}", NOBODYS),
    "operators/environments/<str:environment>/gate-policy": (
        "POST",
        "/operators/environments/{nothing}/gate-policy",
        only("operations", status=404, among=("support", "manager")),
    ),
    "operators/environments/<str:environment>/maintenance/<str:region>": (
        "GET",
        "/operators/environments/{nothing}/maintenance/eu-west-1",
        only("operations", status=404, among=("support", "manager")),
    ),
    "operators/audit-log": ("GET", "/operators/audit-log", ALL_STAFF),
    "operators/begin": ("GET", "/operators/begin", ALL_STAFF),
    "operators/begin/integration": (
        "POST",
        "/operators/begin/integration",
        only("operations", status=422, among=("support", "manager")),
    ),
    "operators/begin/tenant": (
        "POST",
        "/operators/begin/tenant",
        only("operations", status=422, among=("support", "manager")),
    ),
    "operators/brands": ("GET", "/operators/brands", only("operations", among=("support", "manager"))),
    "operators/brands/<uuid:integration>": (
        "GET",
        "/operators/brands/{nothing}",
        only("operations", status=404, among=("support", "manager")),
    ),
    "operators/events": ("GET", "/operators/events", ALL_STAFF),
    "operators/events/<uuid:event>": ("GET", "/operators/events/{nothing}", ALL_STAFF | dict.fromkeys(STAFF, 404)),
    "operators/events/<uuid:event>.json": (
        "GET",
        "/operators/events/{nothing}.json",
        ALL_STAFF | dict.fromkeys(STAFF, 404),
    ),
    "operators/replays": ("GET", "/operators/replays", ALL_STAFF),
    "operators/replays/new": ("GET", "/operators/replays/new", SUPPORT_ALONE | {"manager": 403}),
    "operators/replays/<uuid:replay>": ("GET", "/operators/replays/{nothing}", ALL_STAFF | dict.fromkeys(STAFF, 404)),
    "operators/replays/<uuid:replay>/cancel": (
        "POST",
        "/operators/replays/{nothing}/cancel",
        only("support", "operations", status=404, among=("manager",)),
    ),
    "operators/tenants/<str:tenant>/diagnosis": ("GET", "/operators/tenants/{alder}/diagnosis", ALL_STAFF),
    "operators/health": ("GET", "/operators/health", ALL_STAFF),
    "operators/health/aws": ("GET", "/operators/health/aws", ALL_STAFF),
    "operators/keys": ("GET", "/operators/keys", ALL_STAFF),
    "operators/keys/new": ("GET", "/operators/keys/new", OPERATIONS_ALONE),
    "operators/keys/<uuid:key>/rotate": ("GET", "/operators/keys/{nothing}/rotate", OPERATIONS_ALONE | NOT_THERE),
    "operators/keys/<uuid:key>/revoke": ("POST", "/operators/keys/{nothing}/revoke", OPERATIONS_ALONE | NOT_THERE),
    "operators/integrations": ("GET", "/operators/integrations", ALL_STAFF),
    "operators/integrations/<uuid:integration>": (
        "GET",
        "/operators/integrations/{nothing}",
        ALL_STAFF | dict.fromkeys(STAFF, 404),
    ),
    "operators/integrations/<uuid:integration>/rename": (
        "POST",
        "/operators/integrations/{nothing}/rename",
        OPERATIONS_ALONE | NOT_THERE,
    ),
    "operators/environments/<uuid:environment>/settings": (
        "GET",
        "/operators/environments/{nothing}/settings",
        OPERATIONS_ALONE | NOT_THERE,
    ),
    "operators/notifications": ("GET", "/operators/notifications", ALL_STAFF),
    "operators/notifications/<uuid:message>/again": (
        "POST",
        "/operators/notifications/{nothing}/again",
        only("support", "operations", status=404, among=("manager",)),
    ),
    "operators/search": ("GET", "/operators/search?q=al", ALL_STAFF),
    "operators/style": ("GET", "/operators/style", ALL_STAFF),
}
