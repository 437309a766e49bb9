"""Taking validation runs forward: each due run is claimed, its step looked at outside any transaction, and committed.

Killed anywhere, a run falls due again a minute later, and the step is looked at anew: every step finds what an earlier
look has begun. An outcome is dropped when a person has meanwhile paused the run, left the step out or begun it again.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.aws.errors import AwsError, NetworkError, RetryClass
from integrations.aws.limits import LimitError
from integrations.onboarding.models import ValidationRun, ValidationStep
from integrations.onboarding.run_outcomes import Failed, Look, Outcome, Shown, Waits, receiver_of
from integrations.onboarding.run_plan import STEPS
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from integrations.stopping import stop_requested
from tenants.audit import Actor

CLAIM = timedelta(minutes=1)  # longer than the longest look
FURTHEST = timedelta(minutes=5)
LIFE = timedelta(seconds=20)
AFTER_TROUBLE = timedelta(seconds=5)
STAGE = 4
RUNNER = Actor.system("validation run")
State, StepState = ValidationRun.State, ValidationStep.State

log = logging.getLogger(__name__)


def due_runs(now: datetime) -> QuerySet[ValidationRun]:
    """Return the runs whose step is to be looked at. Later than any pause: written by a clock set back since."""
    is_due = Q(due_at__lte=now) | Q(due_at__gt=now + FURTHEST)
    return ValidationRun.objects.filter(is_due, state=State.RUNNING).order_by("due_at")


def advance_runs(*, clock: Callable[[], datetime], life: timedelta = LIFE) -> bool:
    """Take due runs forward until none is due or `life` is over; return whether more is due."""
    ends_at = clock() + life
    while clock() < ends_at and not stop_requested.is_set():
        run = _claim(clock())
        if run is None:
            break
        advance_run(run, clock)
    return due_runs(clock()).exists()


def advance_run(run: ValidationRun, clock: Callable[[], datetime]) -> None:
    """Look once at the claimed run's step, and commit what that came to."""
    step = current_step(run)
    if step is None:
        with transaction.atomic():
            _end(_locked(run), clock())
        return
    if step.started_at is None:
        step.started_at = clock()
    _commit(run, step, _looked(Look(run, step, receiver_of(run), clock)), clock())


def current_step(run: ValidationRun) -> ValidationStep | None:
    """Return the step in hand: the first that is neither shown nor left out."""
    return run.steps.exclude(state__in=[StepState.DONE, StepState.SKIPPED]).order_by("position").first()


def _claim(now: datetime) -> ValidationRun | None:
    with transaction.atomic():
        run = (
            due_runs(now)
            .select_for_update(no_key=True, skip_locked=True, of=("self",))
            .select_related("environment", "integration")
            .first()
        )
        if run is not None:
            run.due_at = now + CLAIM
            run.save(update_fields=["due_at"])
    return run


def _looked(look: Look) -> Outcome:
    try:
        return STEPS[look.step.key].look(look)
    except AwsError as error:
        return _of_refusal(error)
    except LimitError as error:
        return Failed(str(error))
    except Problem as problem:
        return Failed(problem.detail)
    except Exception as error:
        log.exception("a validation step failed", extra={"run": str(look.run.public_id), "step": look.step.key})
        return Failed(f"Something went wrong here: {type(error).__name__}. The log of the worker says more.")


def _of_refusal(error: AwsError) -> Outcome:
    passing = isinstance(error, NetworkError) or error.retry_class in (RetryClass.RETRY, RetryClass.THROTTLED)
    said = f"{error.sentence} AWS said: {error.message or error.code}"
    return Waits(said, AFTER_TROUBLE) if passing else Failed(said, error.request_id)


def _commit(claimed: ValidationRun, looked_at: ValidationStep, outcome: Outcome, now: datetime) -> None:
    with transaction.atomic():
        run = _locked(claimed)
        step = run.steps.get(pk=looked_at.pk)
        if run.state != State.RUNNING or step.takes != looked_at.takes or step.state in (StepState.DONE, "skipped"):
            return
        step.started_at = step.started_at or looked_at.started_at
        match outcome:
            case Shown():
                _show(run, step, outcome, now)
            case Waits():
                step.state, step.said, step.awaits_person = StepState.DOING, outcome.said, outcome.awaits_person
                step.evidence = {**step.evidence, **outcome.evidence}
                run.due_at = now + outcome.again if outcome.again is not None else None
            case Failed():
                step.state, step.said, step.awaits_person = StepState.FAILED, outcome.said, True
                step.request_id = outcome.request_id
                run.state, run.due_at = State.PAUSED, None
        step.save()
        run.save(update_fields=["state", "due_at"])


def _show(run: ValidationRun, step: ValidationStep, outcome: Shown, now: datetime) -> None:
    step.evidence = {**step.evidence, **outcome.evidence}
    finish_step(run, step, outcome.proof, now)
    step.request_id = outcome.request_id


def finish_step(run: ValidationRun, step: ValidationStep, proof: ValidationStep.Proof, now: datetime) -> None:
    """Mark a locked run's step as shown, and let the run go on, or rest where it is taken step by step."""
    step.state, step.proof, step.ended_at = StepState.DONE, proof, now
    step.said, step.awaits_person = "", False
    go_on(run, now, after=step)


def go_on(run: ValidationRun, now: datetime, *, after: ValidationStep) -> None:
    """Make a locked run due for the step that follows; the caller saves it."""
    is_last = not run.steps.filter(position__gt=after.position).exists()
    if run.stepwise and not is_last:
        run.state, run.due_at = State.PAUSED, None
    else:
        run.state, run.due_at = State.RUNNING, now


def _end(run: ValidationRun, now: datetime) -> None:
    if run.state != State.RUNNING:
        return
    run.state, run.due_at, run.ended_at = State.ENDED, None, now
    run.save(update_fields=["state", "due_at", "ended_at"])
    left_out = run.steps.filter(state=StepState.SKIPPED).count()
    text = f"{run.steps.count() - left_out} steps shown, {left_out} left out."
    title = f"{run.get_kind_display()}: all steps taken"
    tell(integration=run.integration, kind=Kind.PROVEN, title=title, text=text, actor=RUNNER, now=now, stage=STAGE)


def _locked(run: ValidationRun) -> ValidationRun:
    return (
        ValidationRun.objects.select_for_update(no_key=True, of=("self",))
        .select_related("environment", "integration")
        .get(pk=run.pk)
    )
