"""The client that the outbox uses, from Django's settings."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from partnerbus_client.client import Client


def client_from_settings() -> Client:
    """Return a client for PARTNERBUS_URL and PARTNERBUS_KEY; PARTNERBUS_OPTIONS may hold more arguments of Client.

    Raises ImproperlyConfigured.
    """
    url, key = getattr(settings, "PARTNERBUS_URL", ""), getattr(settings, "PARTNERBUS_KEY", "")
    if not url or not key:
        raise ImproperlyConfigured("Set PARTNERBUS_URL and PARTNERBUS_KEY, or pass a client of your own.")
    try:
        return Client(url, key, **getattr(settings, "PARTNERBUS_OPTIONS", {}))
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"The settings PARTNERBUS_* do not make a client: {error}") from None
