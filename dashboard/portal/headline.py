"""The sentence with which a tenant's status page begins: one clear state, then what follows for the reader."""

from dashboard.web.headline import Headline
from dashboard.web.overview import Overview


def headline_of(overview: Overview) -> Headline:
    """Return what the tenant's people most need to know: what they have to do themselves, before what goes well."""
    census = overview.census
    if not overview.tenants:
        return Headline("off", "circle-dashed", "You are in, but belong to no tenant yet", "")
    if overview.stops:
        lede = f"Sending is interrupted on our side, and there is nothing for you to do. {_kept(overview)}"
        return Headline("bad", "alert-triangle-filled", "Your events wait here", lede)
    if census["pending"]:
        lede = f"Once the source is accepted in your AWS account, events arrive within seconds. {_kept(overview)}"
        return Headline("wait", "clock-filled", "Waiting for your AWS admin to accept", lede)
    if census["failed"]:
        lede = f"AWS refused to create it; its reason stands below. {_kept(overview)}"
        return Headline("bad", "alert-triangle-filled", "Your source could not be created", lede)
    if ended := census["expired"] + census["gone"]:
        what = "One of your sources is" if ended == 1 else f"{ended:,} of your sources are"
        lede = f"Ask your provider to offer it again: same name, same history. {_kept(overview)}"
        return Headline("bad", "circle-x-filled", f"{what} no longer at AWS", lede)
    if overview.late:
        lede = f"They are tried again by themselves, and there is nothing for you to do. {_kept(overview)}"
        return Headline("wait", "clock-filled", "Some of your events are late", lede)
    if census["active"]:
        title = "Events are flowing" if overview.last_accepted_at else "Connected"
        return Headline("ok", "circle-check-filled", title, f"AWS takes your events. {_kept(overview)}")
    if census["requested"]:
        return Headline("run", "send", "Your source is being created", f"This takes seconds. {_kept(overview)}")
    if census["paused"]:
        return Headline("off", "player-pause-filled", "Sending is paused", _kept(overview))
    return Headline("off", "circle-dashed", "Not connected yet", _kept(overview) if overview.held else "")


def _kept(overview: Overview) -> str:
    if not overview.held and not overview.waiting:
        return "No event is waiting for you."
    number = overview.held + overview.waiting
    return f"{number:,} {'event is' if number == 1 else 'events are'} kept for you, and nothing is lost."
