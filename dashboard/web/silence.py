"""The answer to "why does this tenant get no events?" as a page shows it: one sentence, one button, and the checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy

from dashboard.web.looks import AWS_WORD
from integrations.events.silence import Silence
from integrations.events.silence_checks import Check, Words

TONES = {"ok": "ok", "problem": "bad", "unknown": "off"}
STATES: dict[str, Words] = {
    "ok": gettext_lazy("Good"),
    "problem": gettext_lazy("Problem"),
    "unknown": gettext_lazy("Not known"),
}
FACTS: dict[str, Words] = {
    "last_used_at": gettext_lazy("key last used"),
    "last_stored_at": gettext_lazy("last stored"),
    "sources": gettext_lazy("sources"),
    "looked_at": gettext_lazy("newest events looked at"),
    "not_selected": gettext_lazy("not selected"),
    "observed": gettext_lazy("AWS says"),
    "observed_at": gettext_lazy("asked"),
    "code": gettext_lazy("AWS's code"),
    "suspect_since": gettext_lazy("since"),
    "opens_at": gettext_lazy("opens"),
    "since": gettext_lazy("since"),
    "retry_at": gettext_lazy("next try"),
    "last_accepted_at": gettext_lazy("last accepted by AWS"),
    "waiting": gettext_lazy("waiting"),
    "held": gettext_lazy("held"),
    "codes": gettext_lazy("refusals of the last hour"),
    "dead": gettext_lazy("dead letters"),
}
# Of the provider's own, and no business of a tenant.
NOT_FOR_TENANTS = {"code", "codes", "retry_at", "last_used_at"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact beside a check; a moment is written relative to now."""

    name: Words
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A check as a row: never by colour alone."""

    key: str
    tone: str
    word: Words
    sentence: Words
    facts: list[Fact]
    is_decisive: bool


@dataclass(frozen=True, slots=True)
class Button:
    """What mends it: a verb, and where that is done."""

    label: Words
    url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One sentence and one button, then how it was found."""

    tone: str
    sentence: Words
    button: Button | None
    steps: list[Step]


def answer_for_staff(silence: Silence) -> Answer:
    """Return the whole answer, the provider's own part included."""
    return _answer(silence, _staff_button(silence), for_tenant=False)


def answer_for_tenant(silence: Silence, button: Button | None) -> Answer:
    """Return what a tenant's people may read of `silence_for_tenant`; the portal knows its own button."""
    return _answer(silence, button, for_tenant=True)


def _answer(silence: Silence, button: Button | None, *, for_tenant: bool) -> Answer:
    decisive = silence.decisive
    return Answer(
        tone="bad" if decisive.state == "problem" else "ok",
        sentence=decisive.told if for_tenant else decisive.sentence,
        button=button,
        steps=[
            Step(
                check.key,
                TONES[check.state],
                STATES[check.state],
                check.told if for_tenant else check.sentence,
                list(_facts(check, for_tenant)),
                check is decisive,
            )
            for check in silence.checks
        ],
    )


def _facts(check: Check, for_tenant: bool) -> list[Fact]:
    return [
        Fact(
            FACTS[name],
            "" if isinstance(value, datetime) else _text(name, value),
            value if isinstance(value, datetime) else None,
        )
        for name, value in check.facts.items()
        if value not in (None, "", {}) and not (for_tenant and name in NOT_FOR_TENANTS)
    ]


def _text(name: str, value: object) -> str:
    if name == "observed":
        return AWS_WORD[str(value).upper()].word
    if isinstance(value, Mapping):
        return ", ".join(f"{code} {number:,}" for code, number in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _staff_button(silence: Silence) -> Button | None:
    """Return the button, or None where nothing that staff can do mends it."""
    words, source = _STAFF.get(silence.decisive.action), silence.source
    if words is None or (words[1] == "operator_source" and source is None):
        return None
    label, route, query = words
    url = reverse(route, args=[source.public_id] if route == "operator_source" and source else [])
    asked = query | ({"source": str(source.public_id)} if source and route == "operator_events" else {})
    return Button(label, f"{url}?{urlencode(asked)}" if asked else url)


_STAFF: dict[str, tuple[Words, str, dict[str, str]]] = {
    "issue_key": (gettext_lazy("Issue a key"), "operator_keys", {}),
    "show_key_help": (gettext_lazy("Show how to post events"), "api:openapi-view", {}),
    "post_event": (gettext_lazy("Show how to post events"), "api:openapi-view", {}),
    "create_source": (gettext_lazy("Show the tenants"), "operator_tenants", {}),
    "change_selection": (gettext_lazy("Change what is selected"), "operator_source", {}),
    "resume": (gettext_lazy("Resume the source"), "operator_source", {}),
    "check_now": (gettext_lazy("Have AWS asked"), "operator_source", {}),
    "reprovision": (gettext_lazy("Provision the source again"), "operator_source", {}),
    "hand_off": (gettext_lazy("Make a hand-off link"), "operator_source", {}),
    "send_test_event": (gettext_lazy("Send a test event"), "operator_source", {}),
    "end_maintenance": (gettext_lazy("Show what is held"), "operator_environments", {}),
    "see_health": (gettext_lazy("See what AWS refuses"), "operator_health", {}),
    "see_events": (gettext_lazy("Show the waiting events"), "operator_events", {"state": "retrying"}),
    "replay_dead": (gettext_lazy("Show the dead letters"), "operator_events", {"state": "dead"}),
}
