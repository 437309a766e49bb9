"""What is open to everybody, and signing in."""

from tests.dashboard.decisions import OUTSIDERS, PEOPLE, Decisions, everybody

DECIDED: Decisions = {
    "": ("GET", "/", PEOPLE),
    "theme": ("POST", "/theme", everybody(302)),
    "zone": ("POST", "/zone", everybody(302)),
    "brand/<uuid:integration>.css": ("GET", "/brand/{nothing}.css", everybody(404)),
    "brand/<uuid:integration>.png": ("GET", "/brand/{nothing}.png", everybody(404)),
    "favicon.ico": ("GET", "/favicon.ico", everybody(302)),
    "accounts/login": ("GET", "/accounts/login", OUTSIDERS),
    "accounts/notifications": ("GET", "/accounts/notifications", PEOPLE),
    "accounts/notifications/read": ("POST", "/accounts/notifications/read", everybody(302)),
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
}
