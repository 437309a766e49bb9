"""How a validation run and its steps look and read."""

from dataclasses import dataclass

from integrations.onboarding.evidence_report import duration_ms, flat
from integrations.onboarding.models import ValidationRun, ValidationStep
from integrations.onboarding.run_plan import STEPS

State, Result = ValidationRun.State, ValidationRun.Result
_LOOKS = {
    ValidationStep.State.TODO: ("off", "circle-dashed"),
    ValidationStep.State.DOING: ("run", "hourglass"),
    ValidationStep.State.DONE: ("ok", "circle-check-filled"),
    ValidationStep.State.FAILED: ("bad", "circle-x-filled"),
    ValidationStep.State.SKIPPED: ("off", "circle-minus"),
}


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One step as people see it."""

    key: str
    title: str
    tells: str
    tone: str
    icon: str
    state: str
    proof: str
    said: str
    note: str
    by: str
    facts: list[list[str]]
    request_id: str
    took: str
    takes: int
    by_itself: bool
    asks_person: bool
    failed: bool
    in_hand: bool


@dataclass(frozen=True, slots=True)
class Title:
    """The page's title, which says the state."""

    text: str
    tone: str
    lede: str


def shown_steps(run: ValidationRun) -> list[ShownStep]:
    """Return the steps of a run, in their order."""
    steps = list(run.steps.order_by("position"))
    in_hand = next((step for step in steps if step.state not in ("done", "skipped")), None)
    return [_shown(step, run, step is in_hand) for step in steps]


def title_of(run: ValidationRun, steps: list[ShownStep]) -> Title:
    """Return the sentence that stands above a run."""
    done = sum(step.state in ("Shown", "Left out") for step in steps)
    at = next((step for step in steps if step.in_hand), None)
    count = f"{done} of {len(steps)} steps taken, account {run.account}, {run.region}."
    if run.result == Result.PASSED:
        return Title(f"{run.get_kind_display()}: passed", "ok", f"Recorded by {run.result_by}. {count}")
    if run.result == Result.FAILED:
        return Title(f"{run.get_kind_display()}: failed", "bad", f"Recorded by {run.result_by}. {count}")
    if run.state == State.STOPPED:
        return Title(f"{run.get_kind_display()}: stopped", "off", count)
    if run.state == State.ENDED:
        return Title("All steps are taken", "ok", f"{count} Record how it went: that freezes the report.")
    if at is not None and at.failed:
        return Title(f"It rests: {at.title.lower()} failed", "bad", count)
    if run.state == State.PAUSED:
        return Title(f"It rests before: {at.title.lower()}" if at else "It rests", "off", count)
    if at is not None and at.asks_person:
        return Title(f"Your turn: {at.title.lower()}", "wait", count)
    return Title(f"Now: {at.title.lower()}" if at else "Ending", "run", count)


def _shown(step: ValidationStep, run: ValidationRun, in_hand: bool) -> ShownStep:
    planned = STEPS.get(step.key)
    tone, icon = _LOOKS[ValidationStep.State(step.state)]
    open_run = run.state in (State.RUNNING, State.PAUSED)
    milliseconds = duration_ms(step)
    return ShownStep(
        key=step.key,
        title=planned.title if planned else step.key,
        tells=planned.tells if planned else "",
        tone="wait" if step.awaits_person and in_hand and step.state == "doing" else tone,
        icon=icon,
        state=step.get_state_display(),
        proof=step.get_proof_display() if step.proof else "",
        said=step.said,
        note=step.note,
        by=step.by,
        facts=flat(step.evidence),
        request_id=step.request_id,
        took="" if milliseconds is None else f"{milliseconds:,} ms",
        takes=step.takes,
        by_itself=step.proof in ("live", "earlier"),
        asks_person=open_run and in_hand and step.awaits_person and step.state == "doing",
        failed=step.state == ValidationStep.State.FAILED,
        in_hand=open_run and in_hand,
    )
