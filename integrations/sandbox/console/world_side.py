"""What no tenant can do: move the clock, break AWS, read the log of calls, forget everything."""

from datetime import UTC, datetime, timedelta

from integrations.sandbox.console.breaking import SWITCHES, is_on
from integrations.sandbox.console.markup import Html, el, icon
from integrations.sandbox.console.place import Place
from integrations.sandbox.console.tenant_side import body, card, empty
from integrations.sandbox.console.times import ago
from integrations.sandbox.request_log import OK
from integrations.sandbox.simulator import Simulator

STEPS = {"1 hour": 3_600, "1 day": 86_400, "7 days": 604_800}
LOGGED = 40


def clock_card(simulator: Simulator, here: Place, now: datetime) -> Html:
    soon = now + timedelta(days=7)
    due = sum(offer.expires_at is not None and offer.expires_at <= soon for offer in simulator.offers)
    steps = [here.button("clock", f"Add {label}", seconds=str(seconds)) for label, seconds in STEPS.items()]
    ending = "1 pending source expires" if due == 1 else f"{due} pending sources expire"
    note = f"Seven days from now {ending}. What exists gets older; the clock itself stays right."
    dial = el("p", f"{now.astimezone(UTC):%a %d %b, %H:%M} UTC", class_="dial")
    return card("Clock", "", body(dial, el("div", *steps, class_="acts"), el("p", note, class_="note")))


def faults_card(simulator: Simulator, here: Place) -> Html:
    faults = simulator.faults.faults
    rows = []
    for key, switch in SWITCHES.items():
        on = is_on(faults, key)
        words = el("div", switch.label, el("div", switch.effect, class_="note"))
        press = here.button(
            "fault", "Switch off" if on else "Switch on", name=switch.label, fault=key, on="" if on else "yes"
        )
        rows.append(el("div", words, press, class_="row-x between"))
    count = sum(is_on(faults, key) for key in SWITCHES)
    return card("Faults", f"{count} on" if count else "none on", body(*rows))


def requests_card(simulator: Simulator, now: datetime) -> Html:
    latest = simulator.requests.latest(LOGGED)
    if not latest:
        return card("Calls", "none yet", empty("Every call of AWS's protocols is listed here."))
    rows = []
    for each in latest:
        good = each.outcome == OK
        what = el("b", each.operation or "no operation")
        note = el("div", f"{each.account or 'unknown'}, {each.region or 'no region'}: {each.outcome}", class_="note")
        end = el("div", ago(each.at, now), el("div", f"{each.duration_ms:,.0f} ms", class_="note"), class_="end")
        picture = icon("circle-check-filled" if good else "alert-triangle-filled")
        rows.append(el("li", picture, el("div", what, note, class_="what"), end, class_="ok" if good else "wait"))
    return card("Calls", f"the last {len(rows)}", el("ul", *rows, class_="list"))


def reset_card(here: Place) -> Html:
    words = "Sources, buses, rules, queues and what they hold are forgotten. Partnerbus then sees its sources gone."
    opened = el(
        "details",
        el("summary", "Reset the simulator…"),
        el("p", words),
        here.button("reset", "Forget everything", look="btn-stop"),
    )
    return card("Start over", "", body(opened))
