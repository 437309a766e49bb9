"""The sentence with which a tenant's status page begins: one clear state, then what follows for the reader."""

from dashboard.web.headline import Headline, counted, counted_events, sentence, with_dead_letters
from dashboard.web.overview import Overview
from dashboard.web.templatetags.partnerbus import utc


def headline_of(overview: Overview) -> Headline:
    """Return what the tenant's people most need to know: what they have to do themselves, before what goes well."""
    return with_dead_letters(_state(overview), overview)


def _state(overview: Overview) -> Headline:
    if not overview.tenants:
        return Headline("off", "circle-dashed", "You are in, but belong to no tenant yet", "")
    if overview.stops:
        lede = f"Sending is interrupted on our side, and there is nothing for you to do. {_kept(overview)}"
        return Headline("bad", "alert-triangle-filled", "Your events wait here", lede)
    return _to_be_done(overview) or _under_way(overview)


def _to_be_done(overview: Overview) -> Headline | None:
    """Return what somebody has to act upon, or None."""
    census = overview.census
    again = f"Ask your provider to offer it again: same name, same history. {_kept(overview)}"
    if number := census["detached"]:
        title = f"{_yours(number)} no longer attached to an event bus"
        lede = f"AWS says PENDING again. Activate it or attach a new event bus, and sending goes on. {_kept(overview)}"
        return Headline("wait", "alert-triangle-filled", title, lede)
    if census["pending"]:
        lede = f"Once it is accepted, we start sending. {_kept_until_then(overview)}"
        return Headline("wait", "clock-filled", "Waiting for your AWS admin to accept", lede)
    if census["failed"]:
        lede = f"What AWS refused stands below. {_kept(overview)}"
        return Headline("bad", "alert-triangle-filled", "Your source could not be created", lede)
    if number := census["expired"]:
        title = "The offer to your account expired" if number == 1 else f"{number:,} offers to your accounts expired"
        return Headline("bad", "circle-x-filled", title, f"Nobody accepted in time. {again}")
    if number := census["gone"]:
        return Headline("bad", "circle-x-filled", f"{_yours(number)} gone at AWS", again)
    return None


def _under_way(overview: Overview) -> Headline:
    census = overview.census
    if census["checking"]:
        lede = f"AWS refused an event as if your source were gone, so we ask before we send more. {_kept(overview)}"
        return Headline("wait", "help-circle", "Asking AWS about your source", lede)
    if overview.late:
        lede = f"They follow or are tried again by themselves, and there is nothing for you to do. {_kept(overview)}"
        return Headline("wait", "clock-filled", "Some of your events are late", lede)
    if census["opening"]:
        lede = f"AWS says ACTIVE. {_kept_for_the_rule(overview)}"
        return Headline("run", "clock", "Connected. Sending starts in a moment", lede)
    if census["active"]:
        return _connected(overview)
    if census["requested"]:
        return Headline("run", "send", "Your source is being created", f"This takes seconds. {_kept(overview)}")
    if census["paused"]:
        return Headline("off", "player-pause-filled", "Sending is paused", _kept(overview))
    return Headline("off", "circle-dashed", "Not connected yet", _kept(overview) if overview.held else "")


def _connected(overview: Overview) -> Headline:
    last = overview.last_accepted_at
    if overview.flowing:
        lede = _kept(overview) if overview.held else f"AWS takes your events. {_kept(overview)}"
        return Headline("ok", "circle-check-filled", "Events are flowing", lede)
    when = f"AWS last took an event at {utc(last)}." if last else "No event has been sent yet."
    return Headline("ok", "circle-check-filled", "Connected", f"{when} {_kept(overview)}")


def _yours(number: int) -> str:
    return "Your source is" if number == 1 else f"{number:,} of your sources are"


def _kept(overview: Overview) -> str:
    number = overview.held + overview.waiting
    if not number:
        return "No event is waiting for you."
    return f"{sentence(counted_events(number, overview))} kept for you, and nothing is lost."


def _kept_until_then(overview: Overview) -> str:
    if not overview.held:
        return "Events that come before are kept for you, and nothing is lost."
    return f"{sentence(counted_events(overview.held, overview))} kept for you until then, and nothing is lost."


def _kept_for_the_rule(overview: Overview) -> str:
    if not overview.held:
        return "Sending waits a few seconds so that your rule can be ready."
    events = f"{counted(overview.held, overview)} {'event waits' if overview.held == 1 else 'events wait'}"
    return f"{sentence(events)} a few seconds so that your rule can be ready; nothing is lost."
