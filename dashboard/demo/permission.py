"""Where the demo world may be loaded: its passwords are public, and its AWS has to be the simulator."""

import ipaddress
import os
from urllib.parse import urlsplit

from django.conf import settings

from dashboard.demo import DemoRefused

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_EVENTS"


def simulator_address() -> str:
    """Return the address of the AWS simulator.

    Raises DemoRefused unless the simulator is in use and people reach this installation by loopback only.
    """
    endpoint = os.environ.get(ENDPOINT_VARIABLE, "")
    if not settings.SANDBOX or not endpoint:
        raise DemoRefused(
            f"The demo world needs the AWS simulator: set PARTNERBUS_SANDBOX=1 and {ENDPOINT_VARIABLE} to its address, "
            "or let `make run` start both."
        )
    if not _is_loopback(settings.PUBLIC_URL):
        raise DemoRefused(
            f"Everybody knows the demo's passwords, so it is loaded on one's own machine only, and PUBLIC_URL is "
            f"{settings.PUBLIC_URL}. Leave PUBLIC_URL out, or start empty with PARTNERBUS_DEMO=0."
        )
    return endpoint.rstrip("/")


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
