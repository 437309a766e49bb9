"""What is open to everybody, and signing in."""

from tests.dashboard.decisions import OUTSIDERS, PEOPLE, Decisions, everybody

# The people of the table have no password, so nobody can be asked for it again: test_account.py has those who do.
NOTHING_TO_ASK = everybody(403) | {"anonymous": 302}
HAS_NONE = everybody(404) | {"anonymous": 302}

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
    "accounts^/password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-0-9A-Za-z]+)$": (
        "GET",
        "/accounts/password/reset/1-forged-key",
        everybody(200),
    ),
    "accounts": ("GET", "/accounts", PEOPLE),
    "accounts/login/passkey": ("GET", "/accounts/login/passkey", everybody(302)),
    "accounts/again": ("GET", "/accounts/again", NOTHING_TO_ASK),
    "accounts/email": ("GET", "/accounts/email", PEOPLE),
    "accounts/email/sent": ("GET", "/accounts/email/sent", everybody(200)),
    "accounts^/email/(?P<key>[-:\\w]+)$": ("GET", "/accounts/email/forged", everybody(200)),
    "accounts/password": ("GET", "/accounts/password", everybody(302)),
    "accounts/password/set": ("GET", "/accounts/password/set", PEOPLE),
    "accounts/sessions": ("GET", "/accounts/sessions", PEOPLE),
    "accounts/factors": ("GET", "/accounts/factors", PEOPLE),
    "accounts/factors/ask": ("GET", "/accounts/factors/ask", everybody(302)),
    "accounts/factors/again": ("GET", "/accounts/factors/again", NOTHING_TO_ASK),
    "accounts/factors/app": ("GET", "/accounts/factors/app", PEOPLE),
    "accounts/factors/app/off": ("GET", "/accounts/factors/app/off", HAS_NONE),
    "accounts/factors/codes": ("GET", "/accounts/factors/codes", HAS_NONE),
    "accounts/factors/codes/new": ("GET", "/accounts/factors/codes/new", PEOPLE),
    "accounts/factors/codes/download": ("GET", "/accounts/factors/codes/download", HAS_NONE),
    "accounts/factors/keys": ("GET", "/accounts/factors/keys", PEOPLE),
    "accounts/factors/keys/new": ("GET", "/accounts/factors/keys/new", PEOPLE),
    "accounts/factors/keys/again": ("GET", "/accounts/factors/keys/again", NOTHING_TO_ASK),
    "accounts/factors/keys/<int:pk>": ("GET", "/accounts/factors/keys/1", HAS_NONE),
    "accounts/factors/keys/<int:pk>/remove": ("GET", "/accounts/factors/keys/1/remove", HAS_NONE),
    "first-administrator/<str:token>": ("GET", "/first-administrator/forged", everybody(404)),
    "livez": ("GET", "/livez", everybody(200)),
    "readyz": ("GET", "/readyz", everybody(200)),
    "metrics": ("GET", "/metrics", everybody(200)),  # from this machine; test_metrics.py has the others
}
