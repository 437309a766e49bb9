"""The sentence with which a connection's page begins: one clear state, then what follows for the reader."""

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard.portal.connection import Connection
from dashboard.web.headline import Headline
from dashboard.web.templatetags.partnerbus import account
from integrations.events.queries import COUNT_LIMIT


def headline_of(connection: Connection, provider: str) -> Headline:
    """Return what the tenant's people most need to know of one connection."""
    headline = _state(connection, provider)
    dead = connection.counters.dead
    if not dead:
        return headline
    lost = ngettext(
        "%(number)s event could not be delivered; it is kept and can be sent again under Deliveries.",
        "%(number)s events could not be delivered; they are kept and can be sent again under Deliveries.",
        dead,
    ) % {"number": _number(dead)}
    calm = headline.tone in ("ok", "run", "off")
    return Headline(
        "wait" if calm else headline.tone,
        "alert-triangle-filled" if calm else headline.icon,
        headline.title,
        f"{headline.lede} {lost}",
    )


def headline_of_all(connections: Sequence[Connection], provider: str) -> Headline:
    """Return the sentence over several connections, the first of which is the one that most needs somebody."""
    receiving = sum(each.standing in ("active", "opening") and not each.stopped for each in connections)
    title = _("%(receiving)d of %(all)d connections receive events") % {"receiving": receiving, "all": len(connections)}
    if receiving == len(connections):
        return Headline(
            "ok", "circle-check-filled", _("Connected"), _("All %d connections receive events.") % receiving
        )
    worst = headline_of(connections[0], provider)
    return Headline(worst.tone, worst.icon, title, f"{connections[0].place}: {worst.title}.")


def _state(connection: Connection, provider: str) -> Headline:
    if connection.stopped:
        lede = _("Sending is interrupted on our side, and there is nothing for you to do. %s") % _kept(connection)
        return Headline("bad", "alert-triangle-filled", _("Your events wait here"), lede)
    return STATES[connection.standing](connection, provider)


def _requested(connection: Connection, provider: str) -> Headline:
    lede = _("AWS is asked to offer it to account %(account)s. This takes seconds. %(kept)s") % _facts(
        connection, provider
    )
    return Headline("run", "send", _("The offer is being made"), lede)


def _failed(connection: Connection, provider: str) -> Headline:
    lede = f"{connection.explanation} {_kept(connection)}"
    return Headline("bad", "alert-triangle-filled", _("AWS did not make the offer"), lede)


def _pending(connection: Connection, provider: str) -> Headline:
    if connection.bus_left:
        lede = _(
            "The source was offered again to account %(account)s in %(place)s. AWS keeps it PENDING until your bus is "
            "attached to it again: your old rules do not come to life by themselves. %(kept)s"
        ) % _facts(connection, provider)
        return Headline("wait", "clock-filled", _("Waiting for your AWS admin to attach it again"), lede)
    lede = _(
        "%(provider)s offered a source to account %(account)s in %(place)s. Once it is accepted, events arrive within "
        "seconds. %(kept)s"
    ) % _facts(connection, provider)
    return Headline("wait", "clock-filled", _("Waiting for your AWS admin to accept"), lede)


def _detached(connection: Connection, provider: str) -> Headline:
    lede = _(
        "AWS says PENDING again: the source in account %(account)s was deactivated, or its bus was deleted. Attach it "
        "again, and sending goes on. %(kept)s"
    ) % _facts(connection, provider)
    return Headline("wait", "alert-triangle-filled", _("No longer attached to an event bus"), lede)


def _opening(connection: Connection, provider: str) -> Headline:
    lede = _("AWS says ACTIVE. Sending waits a few seconds so that your rule can be ready. %s") % _kept(connection)
    return Headline("ok", "circle-check-filled", _("Connected"), lede)


def _checking(connection: Connection, provider: str) -> Headline:
    lede = _("AWS refused an event as if your source were gone, so AWS is asked before more is sent. %s")
    return Headline("wait", "help-circle", _("Asking AWS about your source"), lede % _kept(connection))


def _active(connection: Connection, provider: str) -> Headline:
    if connection.late:
        lede = _("They follow or are tried again by themselves, and there is nothing for you to do. %s") % _kept(
            connection
        )
        return Headline("wait", "clock-filled", _("Some of your events are late"), lede)
    lede = _("Your event bus in account %(account)s, %(place)s, receives %(provider)s's events.")
    return Headline("ok", "circle-check-filled", _("Connected"), lede % _facts(connection, provider))


def _paused(connection: Connection, provider: str) -> Headline:
    lede = _("Nothing is sent to account %(account)s until somebody resumes it. %(kept)s") % _facts(
        connection, provider
    )
    return Headline("off", "player-pause-filled", _("Sending is paused"), lede)


def _expired(connection: Connection, provider: str) -> Headline:
    lede = _("Nobody accepted in time. Offer it again: same name, same history. %s") % _kept(connection)
    return Headline("bad", "circle-x-filled", _("The offer to your account expired"), lede)


def _gone(connection: Connection, provider: str) -> Headline:
    if connection.desired == "absent":
        lede = _("It was deleted here. Nothing is sent to account %(account)s. %(kept)s") % _facts(connection, provider)
        return Headline("off", "circle-x-filled", _("This connection is deleted"), lede)
    lede = _("AWS does not have it any more. Offer it again: same name, same history. %s") % _kept(connection)
    return Headline("bad", "circle-x-filled", _("Your source is gone at AWS"), lede)


STATES: dict[str, Callable[[Connection, str], Headline]] = {
    "requested": _requested,
    "failed": _failed,
    "pending": _pending,
    "detached": _detached,
    "opening": _opening,
    "checking": _checking,
    "active": _active,
    "paused": _paused,
    "expired": _expired,
    "gone": _gone,
}


def _facts(connection: Connection, provider: str) -> dict[str, str]:
    return {
        "provider": provider,
        "account": account(connection.account),
        "place": connection.place,
        "kept": _kept(connection),
    }


def _kept(connection: Connection) -> str:
    number = connection.kept
    if not number:
        return _("Events that come before are kept, and nothing is lost.") if _waits(connection) else ""
    return ngettext(
        "%(number)s event is kept for you, and nothing is lost.",
        "%(number)s events are kept for you, and nothing is lost.",
        number,
    ) % {"number": _number(number)}


def _waits(connection: Connection) -> bool:
    return connection.standing not in ("active", "gone") or connection.stopped


def _number(number: int) -> str:
    return f"{number:,}+" if number >= COUNT_LIMIT else f"{number:,}"
