"""Why a delivery is in its state, as a sentence: what the reasons of the event path mean to people."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from integrations.aws.errors import explain

WORDS = {
    "no_source": gettext_noop("its tenant has no source yet"),
    "source_pending": gettext_noop("the source waits to be accepted"),
    "source_requested": gettext_noop("the source is being created"),
    "source_failed": gettext_noop("the source could not be created"),
    "source_paused": gettext_noop("the source is paused"),
    "source_expired": gettext_noop("the offer expired"),
    "source_gone": gettext_noop("the source is gone at AWS"),
    "source_active": gettext_noop("the gate opens in a moment"),
    "source_suspect": gettext_noop("AWS is asked about the source again"),
    "source_opening": gettext_noop("the source was connected a moment ago"),
    "maintenance": gettext_noop("of maintenance in this region"),
    "filtered": gettext_noop("no source selects its type or content"),
    "dropped": gettext_noop("the policy says to drop it, or somebody gave it up"),
    "hold_limit": gettext_noop("it was held longer than the environment allows"),
    "event_missing": gettext_noop("its content is not stored any more"),
    "selection_failed": gettext_noop("the source's pattern could not be applied to it"),
    "outcome_unknown": gettext_noop("AWS's answer never came"),
}


def reason_for_tenant(reason: str | None) -> str:
    """The same for a tenant, to whom it does not matter what AWS refuses the provider."""
    if reason and reason.startswith("breaker:"):
        return _("sending is interrupted on our side")
    return reason_in_words(reason)


def reason_in_words(reason: str | None) -> str:
    """Return the rest of a sentence that begins with "because", or AWS's explanation of its own code."""
    if not reason:
        return ""
    if reason.startswith("breaker:"):
        return _("nothing is sent in this region: {}").format(explain(reason.removeprefix("breaker:")))
    return _(WORDS[reason]) if reason in WORDS else explain(reason)
