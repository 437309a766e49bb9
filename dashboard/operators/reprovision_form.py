"""Many sources to be provisioned again, as asked for on a page: the filter is in the address, the rate is posted."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from dashboard.operators.environment_choice import environment_of, environments
from integrations.reconciliation.bulk_renewal import DEFAULT_RATE, HIGHEST_RATE, RenewalFilter
from tenants.models import Tenant

STATES = (
    ("expired", "Expired: the tenant did not accept in time"),
    ("gone", "Gone: it was deleted at AWS"),
    ("failed", "Failed: AWS refused to create it"),
)


class FilterForm(forms.Form):
    """Which ended sources."""

    environment = forms.ChoiceField(label="Environment", choices=())
    states = forms.MultipleChoiceField(
        label="How they ended", choices=STATES, widget=forms.CheckboxSelectMultiple, initial=["expired"]
    )
    tenant = forms.CharField(
        label="Tenant", required=False, max_length=128, help_text="Your own id of one tenant. Empty: of all."
    )
    region = forms.CharField(label="Region", required=False, max_length=32, help_text="Empty: in all.")
    ended_since = forms.DateField(
        label="Ended since",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="By AWS's last word on them, from the beginning of this day on.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["environment"].choices = environments()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Put in what the names mean."""
        given = super().clean() or {}
        environment = environment_of(given.get("environment", ""))
        if environment is None:
            return given
        region, external_id = given.get("region", ""), given.get("tenant", "")
        if region and region not in environment.regions:
            self.add_error("region", f"{environment} has {', '.join(environment.regions) or 'no region yet'}.")
        tenant = None
        if external_id:
            tenants = Tenant.objects.filter(directory=environment.directory_id, closed_at=None)
            tenant = tenants.filter(external_id=external_id).first()
            if tenant is None:
                self.add_error("tenant", f"{environment} has no tenant with this id.")
        return given | {"environment": environment, "tenant": tenant}

    def wanted(self) -> RenewalFilter:
        """Return the filter of a valid form."""
        given = self.cleaned_data
        return RenewalFilter(
            environment=given["environment"],
            states=tuple(given["states"]),
            tenant=given["tenant"],
            region=given["region"],
            ended_since=_midnight(given["ended_since"]) if given["ended_since"] else None,
        )


class RateForm(forms.Form):
    """How fast."""

    rate = forms.IntegerField(
        label="Sources a second",
        min_value=1,
        max_value=HIGHEST_RATE,
        initial=DEFAULT_RATE,
        help_text=f"1 to {HIGHEST_RATE}. What people do at the same time goes first in any case.",
    )


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time.min, timezone.get_current_timezone()).astimezone(UTC)
