"""Every URL of the product."""

from django.urls import URLPattern, URLResolver, include, path

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
    path("accounts", include("dashboard.web.account_urls")),
    # Storing events is mounted before the API's own patterns, which end in a catch-all.
    path("api/v1/events", events, name="events"),
    path("api/v1/events/<str:event_id>", event, name="event"),
    path("api/", include("dashboard.api")),
    path("first-administrator/<str:token>", first_admin, name="first_admin"),
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
