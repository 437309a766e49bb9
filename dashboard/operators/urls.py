"""The pages of support staff and operations, below `operators/`."""

from django.urls import URLPattern, URLResolver, path

from dashboard.operators.views.audit_log import audit_log
from dashboard.operators.views.diagnosis import diagnosis
from dashboard.operators.views.event import event, event_json
from dashboard.operators.views.events import events
from dashboard.operators.views.overview import overview, traffic
from dashboard.operators.views.replays import cancel, new_replay, replay, replays
from dashboard.operators.views.style import style

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview, name="overview"),
    path("traffic", traffic, name="operator_traffic"),
    path("audit-log", audit_log, name="operator_audit"),
    path("events", events, name="operator_events"),
    path("events/<uuid:event>", event, name="operator_event"),
    path("events/<uuid:event>.json", event_json, name="operator_event_json"),
    path("replays", replays, name="operator_replays"),
    path("replays/new", new_replay, name="operator_replay_new"),
    path("replays/<uuid:replay>", replay, name="operator_replay"),
    path("replays/<uuid:replay>/cancel", cancel, name="operator_replay_cancel"),
    path("tenants/<str:tenant>/diagnosis", diagnosis, name="operator_diagnosis"),
    path("style", style, name="operator_style"),
]
