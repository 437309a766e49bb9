"""Forms about sources, for every face: what is offered to whom, and which events it gets."""

import json
from typing import Any

from django import forms

from integrations.sources.models import Source

MOST_TEXT = 100_000


class SelectionForm(forms.Form):
    """Which events a source gets; empty fields select everything."""

    event_types = forms.CharField(
        label="Only these event types",
        required=False,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"}),
        help_text="One in each line. Left empty, all types.",
    )
    pattern = forms.CharField(
        label="Only what this event pattern matches",
        required=False,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono", "spellcheck": "false"}),
        help_text='An EventBridge event pattern as JSON, such as {"detail": {"total": [{"numeric": [">", 100]}]}}.',
    )

    def clean_event_types(self) -> list[str] | None:
        """Return the types, or None for all of them."""
        types = [line.strip() for line in self.cleaned_data["event_types"].splitlines()]
        return [each for each in types if each] or None

    def clean_pattern(self) -> dict[str, Any] | None:
        """Return the pattern, or None where there is none."""
        text = self.cleaned_data["pattern"].strip()
        if not text:
            return None
        try:
            pattern = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from None
        if not isinstance(pattern, dict):
            raise forms.ValidationError("A pattern is a JSON object: it begins with { and ends with }.")
        return pattern


def selection_as_text(source: Source) -> dict[str, str]:
    """Return what a source selects, as its form shows it."""
    pattern = "" if source.pattern is None else json.dumps(source.pattern, indent=2, ensure_ascii=False)
    return {"event_types": "\n".join(source.event_types or []), "pattern": pattern}


class PlaceForm(forms.Form):
    """To which account, in which region and under which label events are offered."""

    account = forms.CharField(
        label="AWS account of the tenant",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "mono"}),
        help_text="12 digits; dashes may stay. The AWS console shows it in the menu at the top right.",
    )
    region = forms.ChoiceField(label="Region")
    label = forms.CharField(
        label="Label", max_length=64, initial="events", help_text="The last part of the source's name."
    )

    def __init__(self, *args: Any, regions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        region = self.fields["region"]
        assert isinstance(region, forms.ChoiceField)
        region.choices = [(each, each) for each in sorted(regions)]

    def clean_account(self) -> str:
        """Return the account without the dashes and spaces with which people write it."""
        return str(self.cleaned_data["account"]).replace("-", "").replace(" ", "")


class OfferForm(SelectionForm, PlaceForm):
    """What is offered to whom."""

    field_order = ("account", "region", "label", "event_types", "pattern")


class DrainForm(forms.Form):
    """How fast a source's queue may flow."""

    per_second = forms.IntegerField(
        label="Deliveries a second, at most",
        required=False,
        min_value=1,
        max_value=100_000,
        help_text="New events count, too. Left empty, as fast as AWS takes them.",
    )
