"""What a proof is given, and what it answers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.onboarding.models import ChecklistItem, Profile
from integrations.registration.models import Environment, Integration
from tenants.audit import Actor

PROVER = Actor.system("proofs")


@dataclass(frozen=True, slots=True)
class Facts:
    """Where a proof looks: the integration with its environments, and what was proven before."""

    integration: Integration
    profile: Profile
    environments: dict[str, Environment]
    now: datetime
    evidence: dict[str, Any] | None = None  # of the proof before this one

    @property
    def test(self) -> Environment | None:
        return self.environments.get(Environment.Kind.TEST)

    @property
    def production(self) -> Environment | None:
        return self.environments.get(Environment.Kind.PRODUCTION)


@dataclass(frozen=True, slots=True)
class Finding:
    """`holds` None: it could not be looked at, which proves nothing and disproves nothing. `says` is one sentence."""

    holds: bool | None
    says: str
    evidence: dict[str, Any] = field(default_factory=dict)


def holds(says: str, **evidence: Any) -> Finding:
    """The facts prove it; `evidence` is JSON-ready."""
    return Finding(True, says, {"says": says, **evidence})


def fails(says: str) -> Finding:
    """The facts do not prove it; `says` what is missing and what to do."""
    return Finding(False, says)


def unknown(says: str) -> Finding:
    """Nobody could look."""
    return Finding(None, says)


def facts_of(item: ChecklistItem, now: datetime) -> Facts:
    """Return the facts for an item as they are now."""
    integration = Integration.objects.select_related("profile").get(stages=item.stage_id)
    environments = {each.kind: each for each in integration.environments.select_related("directory")}
    evidence = ChecklistItem.objects.values_list("evidence", flat=True).get(pk=item.pk)
    return Facts(integration, integration.profile, environments, now, evidence)


def moment(at: datetime) -> str:
    """Write a moment for evidence."""
    return at.isoformat(timespec="milliseconds")
