"""Whose AWS is played, and the forms that act there."""

from dataclasses import dataclass
from urllib.parse import urlencode

from integrations.sandbox.console.markup import Html, el, joined
from integrations.sandbox.simulator import Simulator

FALLBACK = ("222222222222", "eu-west-1")


@dataclass(frozen=True)
class Place:
    """A tenant's account in one region."""

    account: str
    region: str

    @property
    def url(self) -> str:
        return f"/_sandbox/?{urlencode({'account': self.account, 'region': self.region})}"

    def form(self, action: str, *parts: object, **fields: str) -> Html:
        """A form that posts to one of the console's actions and comes back to this place."""
        here = {"account": self.account, "region": self.region, **fields}
        hidden = [el("input", type="hidden", name=name, value=value) for name, value in here.items()]
        return el("form", *hidden, *parts, method="post", action=f"/_sandbox/console/{action}")

    def button(self, action: str, label: str, *, name: str = "", look: str = "", **fields: str) -> Html:
        said = f"{label} {name}" if name else None
        pressed = el("button", label, class_=f"btn {look}".strip(), type="submit", aria_label=said)
        return self.form(action, pressed, **fields)


def places(simulator: Simulator) -> list[Place]:
    """Every account and region to which something was offered, or which owns a bus."""
    owned = [*simulator.offers, *simulator.buses]
    return sorted({Place(one.account, one.region) for one in owned}, key=lambda place: (place.account, place.region))


def chooser(known: list[Place], here: Place) -> Html:
    """A form that leads to another account."""
    options = [
        el("option", f"{place.account}, {place.region}", value=place.url, selected=place == here)
        for place in dict.fromkeys([*known, here])
    ]
    label = el("label", "Account", for_="place", class_="visually-hidden")
    select = el("select", *options, id="place", name="to", class_="form-select")
    return el("form", joined(label, select), el("button", "Go", class_="btn"), method="get", class_="row-x")
