"""What the hand-off page says of its source: the tenant's AWS admin wants one state and one next step."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from dashboard.web.standing import DETACHED
from integrations.sources.accepting import may_have_a_bus
from integrations.sources.models import Observed, Source
from integrations.sources.states import ShownState, shown_state

ENDED = (ShownState.EXPIRED, ShownState.GONE)


@dataclass(frozen=True, slots=True)
class HandOffState:
    """`is_open`: there is something to do for the reader; otherwise the instructions are left out or done with."""

    tone: str
    title: str
    heading: str
    text: str
    is_open: bool


def hand_off_state(source: Source, standing: str, product: str) -> HandOffState:
    """Return what to say; `standing` as `standing_of` has it. Whether we pause is no concern of the reader."""
    state = shown_state(source)
    if state in ENDED:
        text = _("Ask whoever gave you this link to have it offered again. The name stays the same.")
        return HandOffState("bad", _("This offer has ended"), _("Nothing can be accepted any more"), text, False)
    if state == ShownState.FAILED:
        text = _("There is nothing for you to do. Whoever gave you this link sees what AWS refused.")
        return HandOffState("bad", _("The offer could not be made"), _("AWS refused it"), text, False)
    if source.observed == Observed.ACTIVE:
        text = _("Your event bus is attached, and events of %s reach it. A rule on it decides where they go.") % product
        return HandOffState("ok", _("Connected"), _("AWS says ACTIVE"), text, True)
    title = _("Accept events of %s") % product
    if source.observed != Observed.PENDING:
        text = _("This takes seconds, and the page follows by itself.")
        return HandOffState("run", title, _("The offer is being made"), text, True)
    if standing == DETACHED:
        text = _("AWS says PENDING again: the bus was detached. What waits meanwhile is kept, and nothing is lost.")
        return HandOffState("wait", title, _("Not attached any more"), text, True)
    if may_have_a_bus(source):
        text = _("It was made anew, and AWS keeps it PENDING until its bus is attached again: activate it, see below.")
        return HandOffState("wait", title, _("Offered again"), text, True)
    text = _("AWS says PENDING. This turns to Connected by itself.")
    return HandOffState("wait", title, _("Not accepted yet"), text, True)
