"""What one look at a validation step can come to, and what a step is told to look with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrations.aws.publishers import Publisher
from integrations.onboarding.models import Profile, ValidationRun, ValidationStep
from integrations.sources.models import Source
from tenants.audit import Actor

SOON = timedelta(seconds=1)
WATCHING = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Shown:
    """The step is shown, with its evidence."""

    evidence: dict[str, Any]
    request_id: str = ""
    proof: ValidationStep.Proof = ValidationStep.Proof.LIVE


@dataclass(frozen=True, slots=True)
class Waits:
    """Something has to happen first: `again` after this pause, or for None when a person says so."""

    said: str
    again: timedelta | None = SOON
    awaits_person: bool = False
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The step cannot be shown as things are; the sentence says what to do."""

    said: str
    request_id: str = ""


Outcome = Shown | Waits | Failed


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one step: the run, the step as it stands, and who acts."""

    run: ValidationRun
    step: ValidationStep
    receiver: Publisher | None
    clock: Callable[[], datetime]

    @property
    def actor(self) -> Actor:
        return Actor.system(f"validation run of {self.run.started_by}"[:200])

    @property
    def source(self) -> Source:
        assert self.run.source_id is not None
        return Source.objects.select_related("environment", "tenant").get(pk=self.run.source_id)

    @property
    def publisher(self) -> Publisher:
        return self.run.environment.publisher

    @property
    def queue(self) -> str:
        """The queue of this run in the receiving account."""
        return f"partnerbus-validation-{self.run.public_id.hex[-12:]}"


def receiver_of(run: ValidationRun) -> Publisher | None:
    """Return how the receiving account is signed in to, or None where no role is configured."""
    profile = Profile.objects.filter(integration_id=run.integration_id).first()
    if profile is None or not profile.receiver_role_arn:
        return None
    return Publisher(run.account, profile.receiver_role_arn, profile.receiver_external_id)


def earlier_evidence(run: ValidationRun, key: str) -> dict[str, Any]:
    """Return the evidence of another step of the run."""
    step = run.steps.filter(key=key).first()
    return dict(step.evidence) if step else {}
