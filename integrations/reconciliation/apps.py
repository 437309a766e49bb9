from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "integrations.reconciliation"
    label = "reconciliation"
