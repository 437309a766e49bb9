"""The sentence with which an operator's status page begins: the state, then the numbers, then who does what next."""

from dashboard.web.headline import Headline
from dashboard.web.overview import Overview


def headline_of(overview: Overview) -> Headline:
    """Return what most needs to be known, the worst first."""
    census = overview.census
    numbers = _numbers(overview)
    if overview.stops:
        regions = ", ".join(dict.fromkeys(stop.region for stop in overview.stops))
        return Headline("bad", "alert-triangle-filled", f"Nothing is sent in {regions}", f"{numbers} {_kept(overview)}")
    if overview.late:
        return Headline(
            "bad",
            "alert-triangle-filled",
            "Events wait to be sent",
            f"{numbers} Some wait longer than a minute although their source is open:"
            " AWS does not take them yet, or no worker runs.",
        )
    if census["active"]:
        title = "Events are flowing" if overview.last_accepted_at else "Ready for events"
        return Headline("ok", "circle-check-filled", title, f"{numbers} {_kept(overview)}")
    if census["failed"]:
        return Headline("bad", "alert-triangle-filled", _failed(census["failed"]), f"{numbers} {_kept(overview)}")
    if census["pending"]:
        return Headline("wait", "clock-filled", _waiting_for(census["pending"]), f"{numbers} {_kept(overview)}")
    if census["requested"]:
        return Headline("run", "send", "Waiting for AWS to create sources", f"{numbers} {_kept(overview)}")
    if census.total():
        return Headline("off", "player-pause-filled", "Nothing is being sent", f"{numbers} {_kept(overview)}")
    return Headline("off", "circle-dashed", "Nothing is connected yet", _kept(overview) if overview.held else "")


def _numbers(overview: Overview) -> str:
    census = overview.census
    parts = [
        f"{census['active']:,} of {census.total():,} {'source is' if census.total() == 1 else 'sources are'} connected"
    ]
    if census["pending"]:
        parts.append(f"{census['pending']:,} {'waits' if census['pending'] == 1 else 'wait'} to be accepted")
    if census["failed"]:
        parts.append(f"{census['failed']:,} could not be created")
    if ended := census["expired"] + census["gone"]:
        parts.append(f"{ended:,} expired or {'is' if ended == 1 else 'are'} gone")
    if census["paused"]:
        parts.append(f"{census['paused']:,} {'is' if census['paused'] == 1 else 'are'} paused")
    return ", ".join(parts) + "."


def _kept(overview: Overview) -> str:
    if not overview.held:
        return "Nothing is held."
    return f"{overview.held:,} {'event is' if overview.held == 1 else 'events are'} held here and nothing is lost."


def _failed(number: int) -> str:
    return "One source could not be created" if number == 1 else f"{number:,} sources could not be created"


def _waiting_for(number: int) -> str:
    return "Waiting for a tenant to accept" if number == 1 else f"Waiting for {number:,} sources to be accepted"
