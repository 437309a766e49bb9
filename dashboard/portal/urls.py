"""The pages of tenants: below `portal/<tenant>/` for their people, and those that are opened by a link alone."""

from django.urls import URLPattern, URLResolver, path

from dashboard.portal.views import connection, hand_off, opening

urlpatterns: list[URLPattern | URLResolver] = [
    path("hand-off/<str:token>", hand_off.hand_off, name="hand_off"),
    path("hand-off/<str:token>/kit/<str:key>", hand_off.hand_off_file, name="hand_off_file"),
    path("portal-link/<str:token>", opening.open_portal, name="portal_open"),
    path("portal-over", opening.portal_over, name="portal_over"),
    path("portal/<str:tenant>/", connection.connection, name="portal_connection"),
    path("portal/<str:tenant>/leave", opening.leave_portal, name="portal_leave"),
]
