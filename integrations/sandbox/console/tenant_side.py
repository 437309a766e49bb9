"""What the tenant's AWS admin sees: sources, rules, and what arrived."""

import json
from datetime import datetime

from integrations.patterns import InvalidEventPattern, MatchTooCostly, compile_pattern
from integrations.sandbox.attachments import attachment_of
from integrations.sandbox.console.markup import Html, el, icon, joined
from integrations.sandbox.console.place import Place
from integrations.sandbox.console.times import ago, until
from integrations.sandbox.inbox import Arrival
from integrations.sandbox.partner_sources import Offer, Standing
from integrations.sandbox.simulator import Simulator

LOOKS = {
    "ACTIVE": ("ok", "circle-check-filled"),
    "PENDING": ("wait", "clock-filled"),
    "DELETED": ("", "circle-x-filled"),
}
SHOWN = 200
RULE = "console"


def card(title: str, note: object, *body: object) -> Html:
    head = el(
        "header", el("h2", title, class_="card-title"), el("p", note, class_="note ms-auto"), class_="card-header"
    )
    return el("section", head, *body, class_="card")


def body(*parts: object) -> Html:
    return el("div", *parts, class_="card-body stack-s")


def empty(sentence: str) -> Html:
    return body(el("p", sentence, class_="note"))


def sources_card(simulator: Simulator, here: Place, now: datetime) -> Html:
    mine = [offer for offer in simulator.offers if (offer.account, offer.region) == (here.account, here.region)]
    if not mine:
        return card("Partner event sources", "none", empty("Nothing is offered to this account in this region."))
    mine.sort(key=lambda offer: (offer.standing is Standing.ACTIVE, offer.name))
    rows = [_source(simulator, here, offer, now) for offer in mine[:SHOWN]]
    note = f"{len(mine)} in this account" + (f", the first {SHOWN} shown" if len(mine) > SHOWN else "")
    return card("Partner event sources", note, el("ul", *rows, class_="list"))


def _source(simulator: Simulator, here: Place, offer: Offer, now: datetime) -> Html:
    tone, picture = LOOKS[offer.state]
    state = el("span", icon(picture), offer.state, class_=f"aws {tone}".strip())
    expires = joined("expires ", until(offer.expires_at, now)) if offer.expires_at else "does not expire"
    moves = el("div", *_moves(simulator, here, offer), class_="acts mt-2")
    what = el("div", el("code", offer.name), el("div", expires, class_="note"), moves, class_="what")
    return el("li", icon("plug-connected"), what, el("div", state, class_="end"))


def _moves(simulator: Simulator, here: Place, offer: Offer) -> list[Html]:
    def move(action: str, label: str, look: str = "") -> Html:
        return here.button(action, label, name=offer.name, look=look, source=offer.name)

    newer = attachment_of(simulator, offer.account, offer.region, offer.name)
    bus = move("delete-bus", "Delete its event source" if newer else "Delete the bus")
    behind = move("delete-source", "Delete behind its owner's back", "btn-quiet")
    return {
        Standing.PENDING: [
            move("accept", "Accept", "btn-primary"),
            move("accept-newer", "Accept by eventbridgev2"),
            behind,
        ],
        Standing.ACTIVE: [move("deactivate", "Deactivate"), bus, behind],
        Standing.PENDING_BUS_LEFT: [move("activate", "Activate", "btn-primary"), bus, behind],
        Standing.DELETED_BUS_LEFT: [bus],
    }.get(offer.standing, [])


def rules_cards(simulator: Simulator, here: Place, typed: dict[str, str]) -> list[Html]:
    """A form for each rule of each bus, and one for a first rule. `typed` is what was refused, to be mended."""
    cards: list[Html] = []
    for bus in sorted(simulator.buses.group(here.account, here.region)):
        rules = simulator.rules.group(here.account, here.region, bus)
        targets = {name: [target.arn for target in rule.targets] for name, rule in rules.items()}
        patterns = {name: rule.pattern for name, rule in rules.items()} or {
            RULE: json.dumps({"source": [bus]}, indent=2)
        }
        for name, pattern in patterns.items():
            is_typed = (typed.get("bus"), typed.get("rule")) == (bus, name)
            text = typed["pattern"] if is_typed else pattern
            number = f"pattern-{len(cards)}"
            matched = _matched(text, simulator.inbox.arrivals(here.account, here.region, bus))
            label = el("label", "Event pattern of ", el("code", name), " on ", el("code", bus), for_=number)
            area = el(
                "textarea", text, id=number, name="pattern", rows=5, class_="form-control mono", spellcheck="false"
            )
            save = el("button", "Save the rule", class_="btn", type="submit")
            foot = el("div", el("span", matched, class_="note"), save, class_="row-x between")
            form = here.form("rule", el("div", label, area, foot, class_="stack-s"), bus=bus, rule=name)
            to = ", ".join(targets.get(name, [])) or "the queue receiver"
            cards.append(card("Rule" if name in rules else "First rule", f"to {to}", body(form)))
    return cards[:SHOWN]


def _matched(pattern: str, arrivals: list[Arrival]) -> str:
    events = [json.loads(arrival.event) for arrival in arrivals if arrival.event]
    try:
        compiled = compile_pattern(pattern)
        matching = sum(bool(compiled.matches(event)) for event in events)
    except (InvalidEventPattern, MatchTooCostly):
        return "Not checked."
    return f"Matches {matching} of the last {len(events)} events." if events else "No event has reached this bus yet."


def arrived_card(simulator: Simulator, here: Place, now: datetime) -> Html:
    arrivals = simulator.inbox.arrivals(here.account, here.region)[:25]
    if not arrivals:
        return card("Arrived", "nothing yet", empty("An event that reaches a bus of this account is shown here."))
    return card("Arrived", "the newest first", el("ul", *(_arrival(each, now) for each in arrivals), class_="list"))


def _arrival(arrival: Arrival, now: datetime) -> Html:
    by = [f"{taken.rule} to {taken.target or 'no target'}" for taken in arrival.taken]
    note = "Taken by " + ", ".join(by) if by else "No rule matched: it is gone."
    shown = el("details", el("summary", "Event"), el("pre", el("code", arrival.event)), class_="mt-1")
    what = joined(el("b", arrival.detail_type), " ", el("code", arrival.event_id, class_="dim"))
    more = joined(el("div", note, class_="note"), shown if arrival.event else "")
    tone, picture = ("ok", "circle-check-filled") if by else ("wait", "alert-triangle-filled")
    inner = el("div", what, more, class_="what")
    return el("li", icon(picture), inner, el("div", ago(arrival.at, now), class_="end"), class_=tone)
