"""Every URL of the product."""

from allauth.account import views as accounts
from django.urls import URLPattern, URLResolver, include, path, re_path

from dashboard.front_door import status
from dashboard.health import livez, readyz
from dashboard.metrics import metrics
from dashboard.web.brand_files import brand_logo, brand_sheet
from dashboard.web.favicon import favicon
from dashboard.web.first_admin import first_admin
from dashboard.web.notifications import notifications, read_notifications
from dashboard.web.theme import choose
from dashboard.web.zone import choose_zone
from integrations.events.api import event, events

urlpatterns: list[URLPattern | URLResolver] = [
    path("", status, name="status"),
    path("operators/", include("dashboard.operators.urls")),
    path("onboarding/", include("dashboard.onboarding.urls")),
    path("", include("dashboard.portal.urls")),
    path("theme", choose, name="theme"),
    path("zone", choose_zone, name="zone"),
    path("brand/<uuid:integration>.css", brand_sheet, name="brand_sheet"),
    path("brand/<uuid:integration>.png", brand_logo, name="brand_logo"),
    path("favicon.ico", favicon, name="favicon"),
    path("accounts/notifications", notifications, name="notifications"),
    path("accounts/notifications/read", read_notifications, name="notifications_read"),
    path("accounts/login", accounts.login, name="account_login"),
    path("accounts/logout", accounts.logout, name="account_logout"),
    path("accounts/signup", accounts.signup, name="account_signup"),
    path("accounts/password/reset", accounts.password_reset, name="account_reset_password"),
    path("accounts/password/reset/sent", accounts.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^accounts/password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-0-9A-Za-z]+)$",
        accounts.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "accounts/password/reset/changed",
        accounts.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    # Storing events is mounted before the API's own patterns, which end in a catch-all.
    path("api/v1/events", events, name="events"),
    path("api/v1/events/<str:event_id>", event, name="event"),
    path("api/", include("dashboard.api")),
    path("first-administrator/<str:token>", first_admin, name="first_admin"),
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
