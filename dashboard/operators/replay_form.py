"""A replay as it is asked for on a page: the filter comes with the address, the rest from the form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms

from dashboard.operators.environment_choice import environment_of
from integrations.events.delivery_filter import ACCEPTED, DEAD, DOUBTFUL, DeliveryFilter
from integrations.events.replays import HIGHEST_RATE
from integrations.problems import Problem
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.models import Tenant

STATES = (
    (DEAD, "Dead letters"),
    (DOUBTFUL, "Accepted, but perhaps dropped by AWS"),
    (ACCEPTED, "Everything else that AWS accepted: it arrives a second time"),
)


class ReplayForm(forms.Form):
    """How to replay what the address names."""

    states = forms.MultipleChoiceField(
        label="What to send again", choices=STATES, widget=forms.CheckboxSelectMultiple, initial=[DEAD, DOUBTFUL]
    )
    rate = forms.IntegerField(
        label="Events a second",
        min_value=1,
        max_value=HIGHEST_RATE,
        required=False,
        help_text="Leave it empty to send as fast as AWS takes them. Live events go first in any case.",
    )
    everything = forms.BooleanField(label="Yes, of the whole environment", required=False)


@dataclass(frozen=True, slots=True)
class Named:
    """What the address of the form names, and how it is said in words."""

    environment: Environment
    tenant: Tenant | None
    source: Source | None
    events: list[UUID] | None
    type: str
    code: str
    received_from: datetime | None
    received_until: datetime | None

    def filter(self, states: list[str]) -> DeliveryFilter:
        """Return the filter for these states."""
        return DeliveryFilter(
            environment=self.environment,
            tenant=self.tenant,
            source=self.source,
            events=self.events,
            type=self.type,
            code=self.code,
            states=states,
            received_from=self.received_from,
            received_until=self.received_until,
        )

    @property
    def is_everything(self) -> bool:
        """Whether nothing restricts it but the environment."""
        parts = (self.tenant, self.source, self.events, self.received_from, self.received_until)
        return not (any(part is not None for part in parts) or self.type or self.code)


def named_by(given: Mapping[str, Any]) -> Named:
    """Read the address. Raises Problem for what names nothing there is."""
    environment = environment_of(str(given.get("environment", "")))
    if environment is None:
        raise Problem(404, "environment_unknown", "Choose an environment first: a replay stays within one.")
    return Named(
        environment=environment,
        tenant=_one(Tenant.objects.filter(directory=environment.directory_id), given, "tenant"),
        source=_one(Source.objects.filter(environment=environment).select_related("tenant"), given, "source"),
        events=_events(given.get("events", "")),
        type=str(given.get("type", "")),
        code=str(given.get("code", "")),
        received_from=_moment(given, "from"),
        received_until=_moment(given, "to"),
    )


def _one(rows: Any, given: Mapping[str, Any], name: str) -> Any:
    if not given.get(name):
        return None
    identifier = _uuid(given, name)
    found = rows.filter(public_id=identifier).first() if identifier else None
    if found is None:
        raise Problem(404, f"{name}_unknown", f"This environment has no such {name}.")
    return found


def _events(text: str) -> list[UUID] | None:
    if not text:
        return None
    try:
        return [UUID(part.strip()) for part in text.split(",")]
    except ValueError:
        raise Problem(422, "events_invalid", "Name events by their ids, with commas between them.") from None


def _uuid(given: Mapping[str, Any], name: str) -> UUID | None:
    try:
        return UUID(str(given.get(name, "")))
    except ValueError:
        return None


def _moment(given: Mapping[str, Any], name: str) -> datetime | None:
    if not given.get(name):
        return None
    try:
        moment = datetime.fromisoformat(str(given[name]))
    except ValueError:
        raise Problem(422, "period_invalid", f"{name}: use a moment such as 2026-11-23T15:47:37+00:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
