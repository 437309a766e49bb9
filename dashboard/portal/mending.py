"""What a tenant's people can do about silence: the action of a check as a button of the portal."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dashboard.web.silence import Button
from integrations.events.silence import Silence
from integrations.events.silence_checks import Words
from tenants.models import Tenant

ADMINS: dict[str, tuple[Words, str]] = {
    "create_source": (_("Connect an AWS account"), "portal_connect"),
    "change_selection": (_("Change what is sent"), "portal_selection"),
    "hand_off": (_("Hand it over"), "portal_hand_over"),
    "resume": (_("Show the connection"), "portal_source"),
    "reprovision": (_("Offer it again"), "portal_source"),
    "send_test_event": (_("Send a test event"), "portal_source"),
}
READERS: dict[str, tuple[Words, str]] = {
    "hand_off": (_("Show the connection"), "portal_source"),
    "see_events": (_("Show what waits"), "portal_deliveries"),
    "replay_dead": (_("Show these events"), "portal_deliveries"),
}
STATES = {"see_events": "retrying", "replay_dead": "dead"}


def mending(tenant: Tenant, silence: Silence, *, acts: bool) -> Button | None:
    """Return the button for the first problem, or None where there is nothing for this reader to do."""
    action = silence.decisive.action
    found = (ADMINS.get(action) if acts else None) or READERS.get(action)
    if found is None:
        return None
    label, route = found
    of_source = route not in ("portal_connect", "portal_deliveries")
    if of_source and silence.source is None:
        return None
    url = reverse(route, args=[tenant.public_id, *([silence.source.public_id] if of_source and silence.source else [])])
    return Button(label, f"{url}?{urlencode({'state': STATES[action]})}" if action in STATES else url)
