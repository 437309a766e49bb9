"""The flow picture: from the SaaS to the tenant's target, each of five stations lit by what is known and no further."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.web.templatetags.partnerbus import short_count

UNKNOWN, ABSENT = "help-circle", "circle-dashed"
PIPS = {
    "ok": "circle-check-filled",
    "wait": "clock-filled",
    "bad": "alert-triangle-filled",
    "off": "circle-x-filled",
}
NOT_VISIBLE = "Not visible from here"


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
    "reserve": "No AWS account yet",
    "requested": "Being created",
    "failed": "Could not be created",
    "expired": "The offer expired",
    "checking": "An entry was refused, asking AWS again",
    "opening": "Sending starts in a moment",
    "paused": "Paused here",
}
OPEN = ("active",)


def flow_of(facts: Flow) -> list[Node]:
    """Return the five stations of a source."""
    return [_saas(facts), _source(facts), _bus(facts), _rule(facts), _target(facts)]


def _saas(facts: Flow) -> Node:
    live = facts.standing in OPEN
    return Node(
        "SaaS",
        "cloud",
        facts.provider,
        "ok",
        PIPS["ok"],
        say="Hands over events" if facts.stored_at else "No event yet",
        since=facts.stored_at,
        since_what="Last stored",
        to="live" if live else "held",
        tap=f"{short_count(facts.kept)} held" if facts.kept and not live else "",
    )


def _source(facts: Flow) -> Node:
    tone = SOURCE_TONE.get(facts.standing, "")
    attached = facts.observed == "active"
    return Node(
        "Offered by us",
        "broadcast",
        "Partner source",
        tone,
        PIPS.get(tone, ABSENT),
        say=SOURCE_SAYS.get(facts.standing, ""),
        aws=facts.observed.upper() if facts.observed in ("pending", "active", "deleted") else "",
        since=facts.observed_at,
        since_what="AWS asked",
        to="live" if facts.standing in OPEN else "held" if attached else "off",
    )


def _bus(facts: Flow) -> Node:
    owner, title = facts.tenant, "Event bus"
    if facts.observed == "active":
        accepted = facts.accepted_at
        return Node(
            owner,
            "route",
            title,
            "ok",
            PIPS["ok"],
            say="Attached, as AWS says",
            since=accepted,
            since_what="Last accepted" if accepted else "",
            to="live" if facts.received_at else "",
        )
    if facts.standing == "detached":
        return Node(owner, "route", title, "wait", PIPS["wait"], say="Not attached any more", to="off")
    if facts.observed == "deleted":
        return Node(owner, "route", title, "off", PIPS["off"], say="Receives nothing from this source", to="off")
    return Node(owner, "route", title, "", ABSENT, say="Not there yet", to="off")


def _rule(facts: Flow) -> Node:
    if facts.received_at:
        return Node(facts.tenant, "filter", "Rule", "ok", PIPS["ok"], "Matched", to="live")
    return Node(facts.tenant, "filter", "Rule", say=NOT_VISIBLE)


def _target(facts: Flow) -> Node:
    if facts.received_at:
        return Node(
            facts.tenant,
            "target-arrow",
            "Target",
            "ok",
            PIPS["ok"],
            "Received",
            since=facts.received_at,
            since_what="Last",
        )
    return Node(facts.tenant, "target-arrow", "Target", say=NOT_VISIBLE)
