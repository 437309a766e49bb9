"""Whether there is a mail server."""

from django.conf import settings


def mails_go_out() -> bool:
    """Return whether mails leave this machine; without EMAIL_URL they are printed and reach nobody."""
    return not settings.EMAIL_BACKEND.endswith(".console.EmailBackend")
