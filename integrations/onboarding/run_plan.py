"""The plan of a validation run: its steps in the order in which AWS wants to see them."""

from collections.abc import Callable
from dataclasses import dataclass

from integrations.onboarding import run_events, run_sources
from integrations.onboarding.run_outcomes import Look, Outcome


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step: what it is called, what people see happening, and how it is looked at."""

    key: str
    title: str
    tells: str
    look: Callable[[Look], Outcome]


PLAN = (
    PlannedStep(
        "create",
        "Create the partner event source",
        "The tenant's admin gives account and region, and AWS is asked at once. The source is PENDING.",
        run_sources.create,
    ),
    PlannedStep(
        "publish_pending",
        "Publish while the source is PENDING",
        "An event is sent although nobody has accepted the source. AWS accepts it and drops it; we keep it.",
        run_events.publish_while_pending,
    ),
    PlannedStep(
        "accept",
        "Accept the source",
        "The receiving account makes the event bus, and the source becomes ACTIVE.",
        run_sources.accept,
    ),
    PlannedStep(
        "rule",
        "Create a rule",
        "The receiving account makes a rule that delivers to a target.",
        run_sources.make_rule,
    ),
    PlannedStep(
        "publish_active",
        "Publish again",
        "An event is sent to the ACTIVE source.",
        run_events.publish_while_active,
    ),
    PlannedStep(
        "receive",
        "Receive the event",
        "The event arrives behind the rule, with the source's full name.",
        run_events.receive_event,
    ),
    PlannedStep(
        "entry_failure",
        "Show a failure of one entry",
        "One request with a good entry and one for a source that does not exist: only the second one fails.",
        run_events.refuse_an_entry,
    ),
    PlannedStep(
        "delete",
        "Delete the source",
        "The source is deleted from our side; its customer sees DELETED and keeps the bus.",
        run_sources.delete,
    ),
    PlannedStep(
        "recreate",
        "Create it again",
        "The same name is offered again. AWS keeps it PENDING, so that old rules do not come to life by themselves.",
        run_sources.create_again,
    ),
    PlannedStep(
        "reattach",
        "Attach it again",
        "The receiving account activates the source on the bus that was left.",
        run_sources.attach_again,
    ),
    PlannedStep(
        "receive_again",
        "Publish and receive once more",
        "The rule of before delivers again.",
        run_events.publish_and_receive_again,
    ),
    PlannedStep(
        "expiry",
        "Show an offer that expired",
        "AWS lets an offer that nobody accepts expire after days, so this was rehearsed before.",
        run_sources.expire,
    ),
    PlannedStep(
        "clear_away",
        "Clear away",
        "Source, rule, bus and queue are deleted, so that the run can be repeated.",
        run_sources.clear_away,
    ),
)
STEPS = {step.key: step for step in PLAN}
