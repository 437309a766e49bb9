"""What the tenant's AWS admin has to do so that AWS delivers: one sentence and the exact commands, for both sides."""

from dataclasses import dataclass

from integrations.sources.models import Desired, Observed, Source

CREATE = "aws events create-event-bus --name '{name}' --event-source-name '{name}' --region {region}"
ACTIVATE = "aws events activate-event-source --name '{name}' --region {region}"


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step of the tenant's AWS admin. Where there are two commands, the first that succeeds is enough."""

    sentence: str
    commands: tuple[str, ...]


def may_have_a_bus(source: Source) -> bool:
    """Return whether a source that waits was ACTIVE before, so that a bus and its rules may be left there.

    AWS does not say whether one is, and keeps a source that was offered again PENDING on purpose, so that old rules do
    not come to life by themselves. Source: "Partner event source states" in the EventBridge partner onboarding guide.
    """
    return source.observed == Observed.PENDING and source.activated_at is not None


def step_to_accept(source: Source) -> NextStep | None:
    """Return what attaches a PENDING source to a bus, or None where nothing is waited for."""
    if source.desired == Desired.ABSENT or source.observed != Observed.PENDING:
        return None
    create, activate = (command.format(name=source.name, region=source.region) for command in (CREATE, ACTIVATE))
    if not may_have_a_bus(source):
        return NextStep("AWS waits for an event bus of the source's name in the tenant's account.", (create,))
    return NextStep(
        "The source was ACTIVE before, and its bus may be left in the tenant's account with its rules. AWS sends "
        "nothing to it until it is attached again: activate the source, or create the bus if it is gone.",
        (activate, create),
    )
