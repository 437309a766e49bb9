"""The flow picture: from the SaaS to the tenant's target, each of five stations lit by what is known and no further."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dashboard.web.templatetags.partnerbus import short_count

UNKNOWN, ABSENT = "help-circle", "circle-dashed"
PIPS = {
    "ok": "circle-check-filled",
    "wait": "clock-filled",
    "bad": "alert-triangle-filled",
    "off": "circle-x-filled",
}
NOT_VISIBLE = gettext_noop("Not visible from here")


@dataclass(frozen=True, slots=True)
class Flow:
    """What is known of one source. `standing` is the word of `standing_of`, `observed` AWS's own.

    `received_at` is when our own receiver account last got an event by a rule; None where the account is a tenant's,
    because a partner sees neither rules nor targets.
    """

    provider: str
    tenant: str
    standing: str
    observed: str
    observed_at: datetime | None = None
    kept: int = 0  # waiting behind the closed gate
    stored_at: datetime | None = None
    accepted_at: datetime | None = None
    expires_at: datetime | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A station. `tone` is empty where nothing is known; `to` says how the line goes on: live, held, off or unknown."""

    owner: str
    icon: str
    title: str
    tone: str = ""
    pip: str = UNKNOWN
    say: str = ""
    aws: str = ""
    since: datetime | None = None
    since_what: str = ""
    to: str = ""
    tap: str = ""
    tap_tone: str = "wait"

    @property
    def lit(self) -> bool:
        """Whether anything is known of this station."""
        return bool(self.tone)


# How the source looks and whether events pass it, by standing.
SOURCE_TONE = {
    "active": "ok",
    "opening": "ok",
    "checking": "wait",
    "paused": "off",
    "pending": "wait",
    "detached": "wait",
    "requested": "off",
    "failed": "bad",
    "expired": "bad",
    "gone": "bad",
}
SOURCE_SAYS = {
    "reserve": gettext_noop("No AWS account yet"),
    "requested": gettext_noop("Being created"),
    "failed": gettext_noop("Could not be created"),
    "expired": gettext_noop("The offer expired"),
    "checking": gettext_noop("An entry was refused, asking AWS again"),
    "opening": gettext_noop("Sending starts in a moment"),
    "paused": gettext_noop("Paused here"),
}
OPEN = ("active",)


def flow_of(facts: Flow) -> list[Node]:
    """Return the five stations of a source."""
    return [_saas(facts), _source(facts), _bus(facts), _rule(facts), _target(facts)]


def _saas(facts: Flow) -> Node:
    live = facts.standing in OPEN
    return Node(
        _("SaaS"),
        "cloud",
        facts.provider,
        "ok",
        PIPS["ok"],
        say=_("Hands over events") if facts.stored_at else _("No event yet"),
        since=facts.stored_at,
        since_what=_("Last stored"),
        to="live" if live else "held",
        tap=_("{} held").format(short_count(facts.kept)) if facts.kept and not live else "",
    )


def _source(facts: Flow) -> Node:
    tone = SOURCE_TONE.get(facts.standing, "")
    attached = facts.observed == "active"
    return Node(
        _("Offered by us"),
        "broadcast",
        _("Partner source"),
        tone,
        PIPS.get(tone, ABSENT),
        say=_(SOURCE_SAYS[facts.standing]) if facts.standing in SOURCE_SAYS else "",
        aws=facts.observed.upper() if facts.observed in ("pending", "active", "deleted") else "",
        since=facts.observed_at,
        since_what=_("AWS asked"),
        to="live" if facts.standing in OPEN else "held" if attached else "off",
    )


def _bus(facts: Flow) -> Node:
    owner, title = facts.tenant, _("Event bus")
    if facts.observed == "active":
        accepted = facts.accepted_at
        return Node(
            owner,
            "route",
            title,
            "ok",
            PIPS["ok"],
            say=_("Attached, as AWS says"),
            since=accepted,
            since_what=_("Last accepted") if accepted else "",
            to="live" if facts.received_at else "",
        )
    if facts.standing == "detached":
        return Node(owner, "route", title, "wait", PIPS["wait"], say=_("Not attached any more"), to="off")
    if facts.observed == "deleted":
        return Node(owner, "route", title, "off", PIPS["off"], say=_("Receives nothing from this source"), to="off")
    return Node(owner, "route", title, "", ABSENT, say=_("Not there yet"), to="off")


def _rule(facts: Flow) -> Node:
    if facts.received_at:
        return Node(facts.tenant, "filter", _("Rule"), "ok", PIPS["ok"], _("Matched"), to="live")
    return Node(facts.tenant, "filter", _("Rule"), say=_(NOT_VISIBLE))


def _target(facts: Flow) -> Node:
    if facts.received_at:
        return Node(
            facts.tenant,
            "target-arrow",
            _("Target"),
            "ok",
            PIPS["ok"],
            _("Received"),
            since=facts.received_at,
            since_what=_("Last"),
        )
    return Node(facts.tenant, "target-arrow", _("Target"), say=_(NOT_VISIBLE))
