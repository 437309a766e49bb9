"""Where people find the console of the AWS simulator, while it plays AWS."""

import os

from django.conf import settings

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_EVENTS"


def console_address() -> str:
    """Return the console's address, or nothing on real AWS."""
    address = settings.SANDBOX_URL or os.environ.get(ENDPOINT_VARIABLE, "")
    return f"{address.rstrip('/')}/_sandbox/" if settings.SANDBOX and address else ""
