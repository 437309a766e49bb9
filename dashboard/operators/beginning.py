"""The first run: from an empty installation to the first event at a tenant, as far as facts prove it."""

from dataclasses import dataclass

from django.db import connection

from integrations.registration.models import Environment
from integrations.sources.models import Observed, Source
from tenants.models import Tenant

ACCEPTED_EVER = "select exists (select 1 from activity)"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `now`: the one at hand, the first that is not done."""

    key: str
    title: str
    done: bool
    now: bool


@dataclass(frozen=True, slots=True)
class Beginning:
    """How far an installation is. What exists is named by its oldest."""

    environment: Environment | None
    tenant: Tenant | None
    source: Source | None
    accepted: bool

    @property
    def steps(self) -> list[Step]:
        """The steps in their order; who reads this is proof of the first."""
        proven = [
            ("administrator", "Create the administrator", True),
            ("integration", "Register the integration", self.environment is not None),
            ("tenant", "Put the first tenant", self.tenant is not None),
            ("source", "Offer it a source", self.source is not None),
            ("accept", "Accept the source on AWS's side", self.attached),
            ("event", "Hand over the first event", self.accepted),
        ]
        at_hand = next((key for key, _, done in proven if not done), "")
        return [Step(key, title, done, key == at_hand) for key, title, done in proven]

    @property
    def attached(self) -> bool:
        """Whether AWS has said ACTIVE of a source, or has taken an event, which proves the same."""
        return self.accepted or (self.source is not None and self.source.observed == Observed.ACTIVE)

    @property
    def number_done(self) -> int:
        """How many steps are proven."""
        return sum(step.done for step in self.steps)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to guide to."""
        return all(step.done for step in self.steps)


def beginning() -> Beginning:
    """Return how far this installation is: four look-ups, each of one row."""
    tenant = Tenant.objects.filter(closed_at=None).order_by("pk").first()
    offered = Source.objects.filter(account__isnull=False).exclude(desired="absent").select_related("tenant")
    with connection.cursor() as cursor:
        cursor.execute(ACCEPTED_EVER)
        (accepted,) = cursor.fetchone()
    active = offered.filter(observed=Observed.ACTIVE).order_by("pk").first()
    return Beginning(
        environment=Environment.objects.select_related("integration").order_by("pk").first(),
        tenant=tenant,
        source=active or offered.order_by("pk").first(),
        accepted=bool(accepted),
    )
