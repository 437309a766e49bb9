from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "partnerbus_client.outbox"
    label = "partnerbus_outbox"
    verbose_name = "Partnerbus outbox"
    default_auto_field = "django.db.models.BigAutoField"
