"""The page as a whole."""

from datetime import datetime

from integrations.sandbox.console.breaking import SWITCHES, is_on
from integrations.sandbox.console.markup import STATIC, Html, el, icon, joined
from integrations.sandbox.console.place import Place, chooser, places
from integrations.sandbox.console.tenant_side import arrived_card, rules_cards, sources_card
from integrations.sandbox.console.world_side import clock_card, faults_card, requests_card, reset_card
from integrations.sandbox.simulator import Simulator

TITLE = "The tenant's side of AWS, to play with"
LEDE = "Accept sources, make rules, break things, move the clock. Partnerbus notices as it would with AWS."
FOOT = "Everything here lives on this machine and speaks AWS's own protocol. No AWS account is involved."
MARK = joined(
    Html('<svg viewBox="0 0 24 24" fill="none" aria-hidden="true">'),
    Html('<path class="mark-tap" d="M7.5 5.25h5a5.5 5.5 0 0 1 0 11h-5" stroke-width="2.25"/>'),
    Html('<path class="mark-bar" d="M6 3v18" stroke-width="4" stroke-linecap="round"/>'),
    Html('<circle class="mark-dot" cx="18" cy="10.75" r="2.5" stroke-width="2.25"/></svg>'),
)


def console_page(
    simulator: Simulator,
    here: Place,
    now: datetime,
    *,
    said: str = "",
    refused: str = "",
    typed: dict[str, str] | None = None,
) -> str:
    """The console of one account; `said` tells what was done, `refused` why something was not."""
    main: list[object] = [
        el("header", el("div", el("h1", TITLE), el("p", LEDE, class_="lede")), class_="head"),
        _message("ok", "circle-check-filled", said) if said else "",
        _message("bad", "alert-circle-filled", refused) if refused else "",
        el(
            "div",
            el(
                "div",
                sources_card(simulator, here, now),
                *rules_cards(simulator, here, typed or {}),
                arrived_card(simulator, here, now),
                class_="stack",
            ),
            el(
                "div",
                clock_card(simulator, here, now),
                faults_card(simulator, here),
                requests_card(simulator, now),
                reset_card(here),
                class_="stack",
            ),
            class_="cols",
        ),
    ]
    whole = el("html", _head(), el("body", *_frame(simulator, here, main), class_="portal"), lang="en")
    return f"<!doctype html>\n{whole}"


def _message(tone: str, picture: str, words: str) -> Html:
    return el("section", icon(picture), el("div", el("p", words)), class_=f"msg {tone}", role="status")


def _head() -> Html:
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", "AWS sandbox · Partnerbus"),
        el("link", rel="icon", href=f"{STATIC}/img/favicon.svg", type="image/svg+xml"),
        el("link", rel="stylesheet", href=f"{STATIC}/vendor/tabler.min.css"),
        el("link", rel="stylesheet", href=f"{STATIC}/css/app.css"),
        el("script", src=f"{STATIC}/js/theme.js"),
    )


def _frame(simulator: Simulator, here: Place, main: list[object]) -> list[object]:
    on = sum(is_on(simulator.faults.faults, key) for key in SWITCHES)
    count = {0: "No fault is", 1: "One fault is"}.get(on, f"{on} faults are")
    strip: list[object] = [el("span", f"Simulator. Nothing on this page is AWS. {count} switched on.")]
    if on:
        strip.append(here.button("faults-off", "Switch all faults off", look="btn-sm"))
    brand = el("a", MARK, "Sandbox", href=here.url, class_="brand")
    again = el("a", icon("refresh-alert"), "Look again", href=here.url, class_="btn")
    top = el("div", brand, el("div", chooser(places(simulator), here), again, class_="row-x ms-auto"))
    return [
        el("a", "Skip to content", href="#main", class_="skip"),
        el("aside", *strip, class_="sandbox-strip", aria_label="Simulator"),
        el("header", top, class_="top"),
        el("main", *main, id="main", class_="page wide"),
        el("footer", FOOT),
    ]
