"""What people do with a validation run: start, pause, go on, confirm, leave out, try again, stop, record its result."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from integrations.aws import names
from integrations.aws.limits import LimitError
from integrations.onboarding.evidence_report import report_of, sha256_of
from integrations.onboarding.models import ValidationRun, ValidationStep
from integrations.onboarding.run_engine import STAGE, current_step, finish_step, go_on
from integrations.onboarding.run_plan import PLAN
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from integrations.registration.models import Environment, Integration
from tenants import audit
from tenants.audit import Actor

LONGEST_NOTE = 5_000
State, StepState, Proof = ValidationRun.State, ValidationStep.State, ValidationStep.Proof
Result = ValidationRun.Result


def start_run(
    *,
    integration: Integration,
    kind: ValidationRun.Kind,
    account: str,
    region: str,
    stepwise: bool,
    actor: Actor,
    now: datetime,
) -> ValidationRun:
    """Start a run on the test environment, due at once; `stepwise` rests after every step, for talking.

    Raises Problem 422 `run_invalid`, 409 `run_going_on`, 404 `no_test_environment`.
    """
    environment = integration.environments.filter(kind=Environment.Kind.TEST).first()
    if environment is None:
        raise Problem(404, "no_test_environment", "Register the test environment first: validation happens there.")
    _check_place(environment, account, region)
    try:
        with transaction.atomic():
            run = ValidationRun.objects.create(
                integration=integration,
                environment=environment,
                kind=kind,
                stepwise=stepwise,
                account=account,
                region=region,
                due_at=now,
                started_at=now,
                started_by=actor.label[:200],
            )
            ValidationStep.objects.bulk_create(
                ValidationStep(run=run, position=position, key=step.key) for position, step in enumerate(PLAN, 1)
            )
            title = f"{run.get_kind_display()} started"
            tell(
                integration=integration,
                kind=Kind.CHANGED,
                title=title,
                text=f"Account {account}, region {region}.",
                actor=actor,
                now=now,
                stage=STAGE,
            )
            _record("validation:start", run, actor, now, {"kind": kind, "account": account, "region": region})
    except IntegrityError:
        raise Problem(409, "run_going_on", "A run of this integration is going on. Finish or stop it first.") from None
    return run


def pause_run(*, run: ValidationRun, actor: Actor, now: datetime) -> ValidationRun:
    """Let the run rest where it is; again changes nothing. Raises Problem 409 `run_over`."""
    with transaction.atomic():
        current = _open(run)
        if current.state == State.RUNNING:
            current.state, current.due_at = State.PAUSED, None
            current.save(update_fields=["state", "due_at"])
            _record("validation:pause", current, actor, now)
    return current


def continue_run(*, run: ValidationRun, actor: Actor, now: datetime) -> ValidationRun:
    """Go on with the step in hand, a failed one anew; again changes nothing. Raises Problem 409 `run_over`."""
    with transaction.atomic():
        current = _open(run)
        step = current_step(current)
        if current.state == State.PAUSED:
            if step is not None and step.state == StepState.FAILED:
                _begin_anew(step)
            current.state, current.due_at = State.RUNNING, now
            current.save(update_fields=["state", "due_at"])
            _record("validation:continue", current, actor, now, {"step": step.key if step else None})
    return current


def confirm_step(*, run: ValidationRun, key: str, note: str, actor: Actor, now: datetime) -> ValidationRun:
    """Say that the step in hand was seen by a person; the note says where. Again changes nothing.

    Raises Problem 409 `run_over`, `not_this_step`, 422 `note_missing`.
    """
    note = _checked_note(note, "Write down what you saw and where: it goes into the report.")
    with transaction.atomic():
        current, step = _at(run, key)
        if step.state == StepState.DONE:
            return current
        if not step.awaits_person or step.state == StepState.FAILED:
            raise Problem(409, "not_this_step", "This step proves itself. Wait for it, or leave it out and say why.")
        step.note, step.by = note, actor.label[:200]
        finish_step(current, step, Proof.PERSON, now)
        step.save()
        current.save(update_fields=["state", "due_at"])
        _record("validation:confirm", current, actor, now, {"step": key, "note": note})
    return current


def leave_out_step(*, run: ValidationRun, key: str, note: str, actor: Actor, now: datetime) -> ValidationRun:
    """Go on without the step in hand; the note says why, and the report shows it. Again changes nothing.

    Raises Problem 409 `run_over`, `not_this_step`, 422 `note_missing`.
    """
    note = _checked_note(note, "Write down why the step is left out: it goes into the report.")
    with transaction.atomic():
        current, step = _at(run, key)
        if step.state == StepState.SKIPPED:
            return current
        step.state, step.note, step.by, step.ended_at = StepState.SKIPPED, note, actor.label[:200], now
        step.awaits_person = False
        step.save()
        go_on(current, now, after=step)
        current.save(update_fields=["state", "due_at"])
        _record("validation:leave_out", current, actor, now, {"step": key, "note": note})
    return current


def stop_run(*, run: ValidationRun, note: str, actor: Actor, now: datetime) -> ValidationRun:
    """End the run before its last step; what it made at AWS stays for somebody to look at. Again changes nothing.

    Raises Problem 422 `note_missing`.
    """
    note = _checked_note(note, "Write down why the run is stopped.")
    with transaction.atomic():
        current = _locked(run)
        if current.state in (State.ENDED, State.STOPPED):
            return current
        current.state, current.due_at, current.ended_at = State.STOPPED, None, now
        current.result_note = note
        current.save()
        title = f"{current.get_kind_display()} stopped"
        tell(
            integration=current.integration,
            kind=Kind.FAILED,
            title=title,
            text=note,
            actor=actor,
            now=now,
            stage=STAGE,
        )
        _record("validation:stop", current, actor, now, {"note": note})
    return current


def record_result(
    *, run: ValidationRun, result: ValidationRun.Result, note: str, actor: Actor, now: datetime
) -> ValidationRun:
    """Record how the run went, and freeze its report with its hash; a recorded result stays.

    Raises Problem 409 `run_not_over`, `result_recorded`, 422 `run_invalid`.
    """
    if result not in (Result.PASSED, Result.FAILED):
        raise Problem(422, "run_invalid", "The result of a run is passed or failed.")
    with transaction.atomic():
        current = _locked(run)
        if current.state not in (State.ENDED, State.STOPPED):
            raise Problem(409, "run_not_over", "The run is still going on. Record its result when it is over.")
        if current.result:
            if current.result == result:
                return current
            raise Problem(409, "result_recorded", f"The result is recorded already: {current.get_result_display()}.")
        if result == Result.PASSED and current.state == State.STOPPED:
            raise Problem(409, "run_not_over", "A run that was stopped did not pass. Start another one.")
        current.result, current.result_at, current.result_by = result, now, actor.label[:200]
        current.result_note = _fitting(note) or current.result_note
        current.report = report_of(current)
        current.report_sha256 = sha256_of(current.report)
        current.save()
        title = f"{current.get_kind_display()}: {current.get_result_display().lower()}"
        tell(
            integration=current.integration,
            kind=Kind.PROVEN if result == Result.PASSED else Kind.FAILED,
            title=title,
            text=f"Report {current.report_sha256}. {note}".strip(),
            actor=actor,
            now=now,
            stage=STAGE,
        )
        _record("validation:record_result", current, actor, now, {"result": result, "sha256": current.report_sha256})
    return current


def _check_place(environment: Environment, account: str, region: str) -> None:
    try:
        names.check_account(account)
    except LimitError as error:
        raise Problem(422, "run_invalid", str(error)) from None
    if account not in environment.receiver_accounts:
        known = ", ".join(environment.receiver_accounts) or "none yet"
        raise Problem(
            422,
            "run_invalid",
            f"{account} is not a receiver account of the test environment. AWS was told of: {known}.",
        )
    if region not in environment.regions:
        allowed = ", ".join(environment.regions)
        raise Problem(422, "run_invalid", f"{region} is not a region of the test environment. Allowed: {allowed}.")


def _begin_anew(step: ValidationStep) -> None:
    step.state, step.said, step.awaits_person = StepState.TODO, "", False
    step.takes += 1
    step.started_at, step.request_id = None, ""
    step.save()


def _checked_note(note: str, advice: str) -> str:
    if not note.strip():
        raise Problem(422, "note_missing", advice)
    return _fitting(note)


def _fitting(note: str) -> str:
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise Problem(422, "run_invalid", f"A note has at most {LONGEST_NOTE:,} characters.")
    return note.strip()


def _locked(run: ValidationRun) -> ValidationRun:
    found = ValidationRun.objects.select_for_update(no_key=True, of=("self",))
    return found.select_related("integration", "environment").get(pk=run.pk)


def _open(run: ValidationRun) -> ValidationRun:
    current = _locked(run)
    if current.state in (State.ENDED, State.STOPPED):
        raise Problem(409, "run_over", "This run is over. Start another one.")
    return current


def _at(run: ValidationRun, key: str) -> tuple[ValidationRun, ValidationStep]:
    """Return the locked run and the step named by `key`, which must be in hand or done by this very call before."""
    current = _open(run)
    step = current.steps.filter(key=key).first()
    in_hand = current_step(current)
    if step is None or (step != in_hand and step.state not in (StepState.DONE, StepState.SKIPPED)):
        raise Problem(409, "not_this_step", "The run is at another step by now. Load the page again.")
    return current, step


def _record(action: str, run: ValidationRun, actor: Actor, now: datetime, after: dict[str, Any] | None = None) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="validation_run",
        object_id=run.public_id,
        tenant=None,
        after={"integration": str(run.integration.public_id), **(after or {})},
    )
