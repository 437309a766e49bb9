"""The pages of support staff and operations, below `operators/`."""

from django.urls import URLPattern, URLResolver, path

from dashboard.operators.views import adoption, reprovision, source_actions, source_changes
from dashboard.operators.views.audit_log import audit_log
from dashboard.operators.views.begin import begin, begin_with_integration, begin_with_tenant
from dashboard.operators.views.brands import brand, brands
from dashboard.operators.views.diagnosis import diagnosis
from dashboard.operators.views.drift import drift, drift_action, survey
from dashboard.operators.views.environments import environment, environments, gate_policy, maintenance
from dashboard.operators.views.event import event, event_json
from dashboard.operators.views.events import events
from dashboard.operators.views.health import aws_identities, health
from dashboard.operators.views.integrations import environment_settings, integration, integrations, rename
from dashboard.operators.views.keys import keys, new_key, revoke, rotate
from dashboard.operators.views.notifications import notifications, send_notification_again
from dashboard.operators.views.offering import offer
from dashboard.operators.views.overview import overview, traffic
from dashboard.operators.views.replays import cancel, new_replay, replay, replays
from dashboard.operators.views.sandbox import sandbox
from dashboard.operators.views.search import search
from dashboard.operators.views.source import history, source
from dashboard.operators.views.sources import sources
from dashboard.operators.views.style import style
from dashboard.operators.views.tenants import close, tenant, tenants

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview, name="overview"),
    path("traffic", traffic, name="operator_traffic"),
    path("sandbox", sandbox, name="operator_sandbox"),
    path("audit-log", audit_log, name="operator_audit"),
    path("begin", begin, name="operator_begin"),
    path("begin/integration", begin_with_integration, name="operator_begin_integration"),
    path("begin/tenant", begin_with_tenant, name="operator_begin_tenant"),
    path("brands", brands, name="operator_brands"),
    path("brands/<uuid:integration>", brand, name="operator_brand"),
    path("events", events, name="operator_events"),
    path("events/<uuid:event>", event, name="operator_event"),
    path("events/<uuid:event>.json", event_json, name="operator_event_json"),
    path("replays", replays, name="operator_replays"),
    path("replays/new", new_replay, name="operator_replay_new"),
    path("replays/<uuid:replay>", replay, name="operator_replay"),
    path("replays/<uuid:replay>/cancel", cancel, name="operator_replay_cancel"),
    path("tenants/<str:tenant>/diagnosis", diagnosis, name="operator_diagnosis"),
    path("sources", sources, name="operator_sources"),
    path("sources/<str:source>", source, name="operator_source"),
    path("sources/<str:source>/history", history, name="operator_source_history"),
    path("sources/<str:source>/check", source_actions.check, name="operator_source_check"),
    path("sources/<str:source>/pause", source_actions.pause, name="operator_source_pause"),
    path("sources/<str:source>/resume", source_actions.resume, name="operator_source_resume"),
    path("sources/<str:source>/reprovision", source_actions.reprovision_again, name="operator_source_reprovision"),
    path("sources/<str:source>/delete", source_actions.delete, name="operator_source_delete"),
    path("sources/<str:source>/test-event", source_actions.test, name="operator_source_test"),
    path("sources/<str:source>/selection", source_changes.selection, name="operator_source_selection"),
    path("sources/<str:source>/drain-rate", source_changes.drain, name="operator_source_drain"),
    path("sources/<str:source>/succession", source_changes.succession, name="operator_source_succession"),
    path("drift", drift, name="operator_drift"),
    path("drift/survey", survey, name="operator_survey"),
    path("drift/<uuid:drift>/<str:action>", drift_action, name="operator_drift_action"),
    path("adoption", adoption.adoptions, name="operator_adoption"),
    path("adoption/new", adoption.new_adoption, name="operator_adoption_new"),
    path("adoption/<uuid:adoption>", adoption.adoption, name="operator_adoption_job"),
    path("adoption/<uuid:adoption>/apply", adoption.apply, name="operator_adoption_apply"),
    path("adoption/<uuid:adoption>/cancel", adoption.cancel, name="operator_adoption_cancel"),
    path("reprovision", reprovision.renewals, name="operator_reprovision"),
    path("reprovision/new", reprovision.new_renewal, name="operator_reprovision_new"),
    path("reprovision/<uuid:renewal>", reprovision.renewal, name="operator_reprovision_job"),
    path("reprovision/<uuid:renewal>/cancel", reprovision.cancel, name="operator_reprovision_cancel"),
    path("tenants", tenants, name="operator_tenants"),
    path("tenants/<str:tenant>", tenant, name="operator_tenant"),
    path("tenants/<str:tenant>/close", close, name="operator_tenant_close"),
    path("tenants/<str:tenant>/sources/new", offer, name="operator_offer"),
    path("environments", environments, name="operator_environments"),
    path("environments/<str:environment>", environment, name="operator_environment"),
    path("environments/<str:environment>/gate-policy", gate_policy, name="operator_gate_policy"),
    path("environments/<str:environment>/maintenance/<str:region>", maintenance, name="operator_maintenance"),
    path("health", health, name="operator_health"),
    path("health/aws", aws_identities, name="operator_aws_identities"),
    path("keys", keys, name="operator_keys"),
    path("keys/new", new_key, name="operator_key_new"),
    path("keys/<uuid:key>/rotate", rotate, name="operator_key_rotate"),
    path("keys/<uuid:key>/revoke", revoke, name="operator_key_revoke"),
    path("integrations", integrations, name="operator_integrations"),
    path("integrations/<uuid:integration>", integration, name="operator_integration"),
    path("integrations/<uuid:integration>/rename", rename, name="operator_integration_rename"),
    path("environments/<uuid:environment>/settings", environment_settings, name="operator_environment_settings"),
    path("notifications", notifications, name="operator_notifications"),
    path("notifications/<uuid:message>/again", send_notification_again, name="operator_notification_again"),
    path("search", search, name="operator_search"),
    path("style", style, name="operator_style"),
]
