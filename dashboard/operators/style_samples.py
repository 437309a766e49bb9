"""Made-up facts for the style page, one for every state that a part can be in."""

import math
from datetime import datetime, timedelta

from django import forms

from dashboard.web import filters
from dashboard.web.charts import Chart, Line
from dashboard.web.filters import Filters, Sort
from dashboard.web.flow import Flow, Node, flow_of

SORTED = Filters(
    filters=(
        filters.search("Tenant, account or name"),
        filters.choice("state", "State", (("active", "Connected"), ("pending", "Waiting"))),
        filters.day("since", "From"),
    ),
    sorts=(Sort("name", ("name",)), Sort("held", ("-held", "name"))),
)


class SampleForm(forms.Form):
    """One control of each kind."""

    account = forms.CharField(label="AWS account id", help_text="12 digits, as AWS's console shows them.")
    region = forms.ChoiceField(label="Region", choices=[("eu-west-1", "eu-west-1"), ("us-east-1", "us-east-1")])
    why = forms.CharField(label="Why", widget=forms.Textarea(attrs={"rows": 2}), required=False)
    policy = forms.ChoiceField(
        label="Until AWS says ACTIVE",
        choices=[("hold", "Hold events"), ("drop", "Drop events")],
        widget=forms.RadioSelect,
    )
    sure = forms.BooleanField(label="Tell the tenant by e-mail", required=False)

    def clean_account(self) -> str:
        """Refuse what cannot be an account."""
        account: str = self.cleaned_data["account"]
        if len(account) != 12:
            raise forms.ValidationError(f"{len(account)} digits. An account id has 12.")
        return account


def flows_at(now: datetime) -> list[tuple[str, list[Node]]]:
    """Return a titled flow picture for each condition that a source can be in."""
    lately, ages = now - timedelta(seconds=4), now - timedelta(days=3)

    def flow(standing: str, observed: str, kept: int = 0, received: datetime | None = None) -> list[Node]:
        accepted = lately if standing == "active" else ages
        return flow_of(Flow("Kestrel", "Birch", standing, observed, now, kept, lately, accepted, None, received))

    return [
        ("Reserve: the tenant has no AWS account yet", flow("reserve", "unknown", 12)),
        ("Pending: offered, not accepted", flow("pending", "pending", 37)),
        ("Active: what lies behind the bus is not visible from here", flow("active", "active")),
        ("Active, to our own receiver account: all of it known", flow("active", "active", received=lately)),
        ("Detached: AWS said ACTIVE and now says PENDING", flow("detached", "pending", 262_480)),
        ("Paused", flow("paused", "active", 86)),
        ("Expired: AWS deleted the offer", flow("expired", "deleted", 131)),
        ("Gone: the tenant's side deleted it", flow("gone", "deleted", 412)),
        ("Failed", flow("failed", "unknown")),
    ]


def stages() -> list[dict[str, object]]:
    """Return the four stages with the second one at hand."""
    return [
        {"number": 1, "title": "Test account", "done": True, "note": "Done 14 Oct"},
        {"number": 2, "title": "Development", "now": True, "note": "9 of 15"},
        {"number": 3, "title": "Questionnaire", "note": "Opens after stage 2"},
        {"number": 4, "title": "Validation and go-live"},
    ]


def chart_at(now: datetime) -> Chart:
    """Return a day of made-up traffic."""
    moments = [now - timedelta(minutes=15 * step) for step in range(96, -1, -1)]
    accepted = [round(1_010 + 430 * math.sin(step / 15)) for step in range(97)]
    held = [round(60 + 2 * step + (180 if 61 <= step <= 66 else 0)) for step in range(97)]
    failed = [40 if 61 <= step <= 64 else 0 for step in range(97)]
    lines = (
        Line("Accepted", "run", accepted, fill=True),
        Line("Failed", "bad", failed, dash="2 3"),
        Line("Held", "wait", held, dash="5 4"),
    )
    return Chart("Events per 15 minutes, last 24 hours", 15, moments, lines)


def empty_chart() -> Chart:
    """Return a chart before the first event."""
    return Chart("Events per minute", 1, [], (Line("Accepted", "run", []),))
