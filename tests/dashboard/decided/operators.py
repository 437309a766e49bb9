"""The pages of support staff and operations."""

from tests.dashboard.cast import STAFF
from tests.dashboard.decisions import ALL_STAFF, Decisions, only

# Without an environment there is nothing to replay: they are sent back to the events.
SUPPORT_ALONE = only("support", "operations", status=302)

DECIDED: Decisions = {
    "operators/": ("GET", "/operators/", ALL_STAFF),
    "operators/traffic": ("GET", "/operators/traffic", only(*STAFF, status=302)),
    "operators/audit-log": ("GET", "/operators/audit-log", ALL_STAFF),
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
    "operators/style": ("GET", "/operators/style", ALL_STAFF),
}
