"""The pages of support staff and operations, below `operators/`."""

from django.urls import URLPattern, URLResolver, path

from dashboard.operators.views.audit_log import audit_log
from dashboard.operators.views.style import style

urlpatterns: list[URLPattern | URLResolver] = [
    path("audit-log", audit_log, name="operator_audit"),
    path("style", style, name="operator_style"),
]
