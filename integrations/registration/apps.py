from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    name = "integrations.registration"
    label = "registration"
