"""The sentence with which an operator's status page begins: the state, then the numbers, then who does what next."""

from dashboard.web.headline import Headline, counted_events, sentence, with_dead_letters
from dashboard.web.overview import Overview
from dashboard.web.templatetags.partnerbus import utc

# What somebody has to do something about, with the verb for one and for several.
NEEDING = {
    "detached": ("is detached", "are detached"),
    "pending": ("waits to be accepted", "wait to be accepted"),
    "failed": ("could not be created", "could not be created"),
    "expired": ("expired", "expired"),
    "gone": ("is gone at AWS", "are gone at AWS"),
}
BY_THEMSELVES = {
    "opening": ("starts in a moment", "start in a moment"),
    "checking": ("is being asked about again", "are being asked about again"),
    "requested": ("is being created", "are being created"),
    "paused": ("is paused", "are paused"),
}
WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def headline_of(overview: Overview) -> Headline:
    """Return what most needs to be known, the worst first."""
    return with_dead_letters(_state(overview), overview)


def _state(overview: Overview) -> Headline:
    lede = f"{_numbers(overview)} {_kept(overview)}"
    if overview.stops:
        regions = ", ".join(dict.fromkeys(stop.region for stop in overview.stops))
        return Headline("bad", "alert-triangle-filled", f"Nothing is sent in {regions}", lede)
    if overview.late:
        return Headline(
            "bad",
            "alert-triangle-filled",
            "Events wait to be sent",
            f"{_numbers(overview)} Some wait longer than a minute although their source is open:"
            " AWS does not take them yet, or no worker runs.",
        )
    if overview.census["active"]:
        return _connected(overview, lede)
    return _not_connected(overview, lede)


def _connected(overview: Overview, lede: str) -> Headline:
    last = overview.last_accepted_at
    if overview.flowing:
        return Headline("ok", "circle-check-filled", "Events are flowing", lede)
    if last:
        return Headline("ok", "circle-check-filled", "Connected", f"{lede} AWS last took an event at {utc(last)}.")
    return Headline("ok", "circle-check-filled", "Ready for events", lede)


def _not_connected(overview: Overview, lede: str) -> Headline:
    census = overview.census
    if census["failed"]:
        return Headline("bad", "alert-triangle-filled", _failed(census["failed"]), lede)
    if census["detached"]:
        return Headline("wait", "alert-triangle-filled", _detached(census["detached"]), lede)
    if census["pending"]:
        return Headline("wait", "clock-filled", _waiting_for(census["pending"]), lede)
    if census["checking"]:
        return Headline("wait", "help-circle", "Asking AWS again", lede)
    if census["opening"]:
        return Headline("run", "clock", "Connected. Sending starts in a moment", lede)
    if census["requested"]:
        return Headline("run", "send", "Waiting for AWS to create sources", lede)
    if census.total():
        return Headline("off", "player-pause-filled", "Nothing is being sent", lede)
    return Headline("off", "circle-dashed", "Nothing is connected yet", _kept(overview) if overview.held else "")


def _numbers(overview: Overview) -> str:
    total, connected = overview.total, overview.connected
    verb = "is" if 1 in (connected, total) else "are"
    sentences = [f"{connected:,} of {total:,} {'source' if total == 1 else 'sources'} {verb} connected."]
    if needing := sum(overview.census[state] for state in NEEDING):
        number = WORDS[needing] if needing < len(WORDS) else f"{needing:,}"
        sentences.append(f"{number} {'needs' if needing == 1 else 'need'} somebody: {_listed(overview, NEEDING)}.")
    if moving := _listed(overview, BY_THEMSELVES):
        sentences.append(f"{moving}.")
    return " ".join(sentences)


def _listed(overview: Overview, verbs: dict[str, tuple[str, str]]) -> str:
    numbers = [(overview.census[state], verb) for state, verb in verbs.items()]
    return ", ".join(f"{number:,} {verb[number > 1]}" for number, verb in numbers if number)


def _kept(overview: Overview) -> str:
    if not overview.held:
        return "Nothing is held."
    return f"{sentence(counted_events(overview.held, overview))} held here and nothing is lost."


def _failed(number: int) -> str:
    return "One source could not be created" if number == 1 else f"{number:,} sources could not be created"


def _detached(number: int) -> str:
    return "A source is detached" if number == 1 else f"{number:,} sources are detached"


def _waiting_for(number: int) -> str:
    return "Waiting for a tenant to accept" if number == 1 else f"Waiting for {number:,} sources to be accepted"
