"""Validation runs: the engine with steps of a test, and what people do with a run."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pypdf
import pytest

from integrations.aws.errors import InternalError, NotAuthorizedForSource
from integrations.onboarding import run_engine
from integrations.onboarding.evidence_report import canonical, pdf_of_report, report_of, sha256_of
from integrations.onboarding.models import TimelineEntry, ValidationRun, ValidationStep
from integrations.onboarding.run_actions import (
    confirm_step,
    continue_run,
    leave_out_step,
    pause_run,
    record_result,
    start_run,
    stop_run,
)
from integrations.onboarding.run_engine import advance_runs, due_runs
from integrations.onboarding.run_outcomes import Failed, Look, Outcome, Shown, Waits
from integrations.onboarding.run_plan import PLAN, STEPS
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor
from tenants.models import AuditEntry
from tests.onboarding.conftest import NOW

ANNE = Actor.system("anne@example.com")
Stage = Callable[..., None]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Let steps come to what a test says; the others are shown at once."""

    def stage(**looks: Callable[[Look], Outcome]) -> None:
        at_once = {key: replace(step, look=lambda look: Shown({"seen": look.step.key})) for key, step in STEPS.items()}
        chosen = {key: replace(STEPS[key], look=look) for key, look in looks.items()}
        monkeypatch.setattr(run_engine, "STEPS", at_once | chosen)

    stage()
    return stage


def start(integration: Integration, clock: Clock, **fields: Any) -> ValidationRun:
    wanted = {"kind": "rehearsal", "account": "222222222222", "region": "eu-west-1", "stepwise": False} | fields
    return start_run(integration=integration, actor=ANNE, now=clock(), **wanted)


def step(run: ValidationRun, key: str) -> ValidationStep:
    return run.steps.get(key=key)


def states(run: ValidationRun) -> list[str]:
    return list(run.steps.order_by("position").values_list("state", flat=True))


def fresh(run: ValidationRun) -> ValidationRun:
    return ValidationRun.objects.select_related("integration", "environment").get(pk=run.pk)


def test_a_run_goes_through_every_step_and_ends(integration: Integration, play: Stage, clock: Clock) -> None:
    run = start(integration, clock)
    assert not advance_runs(clock=clock)
    run = fresh(run)
    assert (run.state, run.due_at, run.ended_at) == ("ended", None, NOW)
    assert states(run) == ["done"] * len(PLAN)
    assert {shown.proof for shown in run.steps.all()} == {"live"}
    assert step(run, "rule").evidence == {"seen": "rule"}
    assert TimelineEntry.objects.filter(title="Rehearsal: all steps taken").exists()


def test_taken_step_by_step_it_rests_after_each(integration: Integration, play: Stage, clock: Clock) -> None:
    run = start(integration, clock, stepwise=True)
    for number in range(1, len(PLAN) + 1):
        advance_runs(clock=clock)
        assert states(run).count("done") == number
        if number < len(PLAN):
            assert fresh(run).state == "paused"
            continue_run(run=run, actor=ANNE, now=clock())
    assert fresh(run).state == "ended"


def test_what_waits_is_looked_at_again_later(integration: Integration, play: Stage, clock: Clock) -> None:
    answers: list[Outcome] = [
        Waits("Not yet.", timedelta(seconds=3), evidence={"event_id": "1"}),
        Shown({"state": "ACTIVE"}, "request-1"),
    ]
    play(accept=lambda look: answers.pop(0))
    run = start(integration, clock)
    advance_runs(clock=clock)
    waiting = step(run, "accept")
    assert (waiting.state, waiting.said) == ("doing", "Not yet.")
    advance_runs(clock=clock)
    assert len(answers) == 1  # not due
    clock.wait(seconds=3)
    advance_runs(clock=clock)
    shown = step(run, "accept")
    assert (shown.state, shown.said, shown.request_id) == ("done", "", "request-1")
    assert shown.evidence == {"event_id": "1", "state": "ACTIVE"}
    assert shown.ended_at - shown.started_at == timedelta(seconds=3)


def test_a_worker_that_is_killed_leaves_a_run_that_another_takes_up(
    integration: Integration, play: Stage, clock: Clock
) -> None:
    def die(look: Look) -> Outcome:
        raise SystemExit

    play(rule=die)
    run = start(integration, clock)
    with pytest.raises(SystemExit):
        advance_runs(clock=clock)
    assert step(run, "rule").state == "todo"
    assert not due_runs(clock()).exists()
    play()
    clock.wait(seconds=61)
    advance_runs(clock=clock)
    assert fresh(run).state == "ended"


def test_what_a_person_did_meanwhile_stands_and_the_look_is_dropped(
    integration: Integration, play: Stage, clock: Clock
) -> None:
    run = start(integration, clock)

    def pause(look: Look) -> Outcome:
        pause_run(run=look.run, actor=ANNE, now=clock())
        return Shown({"seen": "too late"})

    play(create=pause)
    advance_runs(clock=clock)
    assert (fresh(run).state, step(run, "create").state) == ("paused", "todo")

    def leave_out(look: Look) -> Outcome:
        leave_out_step(run=look.run, key="create", note="Not today", actor=ANNE, now=clock())
        return Failed("too late")

    play(create=leave_out)
    continue_run(run=run, actor=ANNE, now=clock())
    advance_runs(clock=clock)
    assert (step(run, "create").state, step(run, "create").note) == ("skipped", "Not today")
    assert fresh(run).state == "ended"


def test_trouble_that_passes_is_waited_for_and_a_refusal_stops_the_run(
    integration: Integration, play: Stage, clock: Clock
) -> None:
    def trouble(look: Look) -> Outcome:
        raise InternalError("InternalException", "busy")

    def refusal(look: Look) -> Outcome:
        raise NotAuthorizedForSource("NotAuthorizedForSourceException", "no", request_id="request-9")

    run = start(integration, clock)
    play(create=trouble)
    advance_runs(clock=clock)
    assert (fresh(run).state, step(run, "create").state) == ("running", "doing")
    assert "AWS said: busy" in step(run, "create").said

    play(create=refusal)
    clock.wait(seconds=6)
    advance_runs(clock=clock)
    assert (fresh(run).state, step(run, "create").state) == ("paused", "failed")
    assert step(run, "create").request_id == "request-9"

    play()
    continue_run(run=run, actor=ANNE, now=clock())
    assert step(run, "create").takes == 2
    advance_runs(clock=clock)
    assert fresh(run).state == "ended"


def test_an_error_of_our_own_is_a_sentence_and_not_a_run_that_hangs(
    integration: Integration, play: Stage, clock: Clock
) -> None:
    play(create=lambda look: 1 / 0)
    run = start(integration, clock)
    advance_runs(clock=clock)
    assert fresh(run).state == "paused"
    assert "ZeroDivisionError" in step(run, "create").said


def test_what_a_person_saw_is_confirmed_with_a_note(integration: Integration, play: Stage, clock: Clock) -> None:
    play(rule=lambda look: Waits("Make a rule.", None, awaits_person=True))
    run = start(integration, clock)
    advance_runs(clock=clock)
    assert fresh(run).due_at is None
    with pytest.raises(Problem, match="Write down what you saw"):
        confirm_step(run=run, key="rule", note=" ", actor=ANNE, now=clock())
    with pytest.raises(Problem, match="another step by now"):
        confirm_step(run=run, key="receive", note="seen", actor=ANNE, now=clock())
    confirm_step(run=run, key="rule", note="Seen in the console", actor=ANNE, now=clock())
    confirm_step(run=run, key="rule", note="Seen in the console", actor=ANNE, now=clock())
    seen = step(run, "rule")
    assert (seen.state, seen.proof, seen.by, seen.note) == ("done", "person", ANNE.label, "Seen in the console")
    advance_runs(clock=clock)
    assert fresh(run).state == "ended"
    assert AuditEntry.objects.filter(action="validation:confirm").count() == 1


def test_what_proves_itself_cannot_be_confirmed(integration: Integration, play: Stage, clock: Clock) -> None:
    play(create=lambda look: Waits("AWS is asked."))
    run = start(integration, clock)
    advance_runs(clock=clock)
    with pytest.raises(Problem, match="proves itself"):
        confirm_step(run=run, key="create", note="I say so", actor=ANNE, now=clock())


def test_there_is_one_run_at_a_time_and_it_can_be_stopped_and_repeated(
    integration: Integration, play: Stage, clock: Clock
) -> None:
    run = start(integration, clock)
    with pytest.raises(Problem, match="is going on"):
        start(integration, clock)
    with pytest.raises(Problem, match="why the run is stopped"):
        stop_run(run=run, note="", actor=ANNE, now=clock())
    stop_run(run=run, note="Fire drill", actor=ANNE, now=clock())
    stop_run(run=run, note="Fire drill", actor=ANNE, now=clock())
    with pytest.raises(Problem, match="This run is over"):
        continue_run(run=run, actor=ANNE, now=clock())
    advance_runs(clock=clock)
    assert states(run) == ["todo"] * len(PLAN)
    assert start(integration, clock).state == "running"


@pytest.mark.parametrize(
    "wrong", [{"account": "333333333333"}, {"account": "12"}, {"region": "eu-north-1"}, {"region": ""}]
)
def test_a_run_needs_a_receiver_account_and_a_region_that_aws_was_told_of(
    integration: Integration, clock: Clock, wrong: dict[str, str]
) -> None:
    with pytest.raises(Problem) as refused:
        start(integration, clock, **wrong)
    assert refused.value.code == "run_invalid"


def finished(integration: Integration, clock: Clock) -> ValidationRun:
    run = start(integration, clock, kind="real")
    advance_runs(clock=clock)
    return fresh(run)


def test_a_result_freezes_the_report_with_its_hash(integration: Integration, play: Stage, clock: Clock) -> None:
    run = finished(integration, clock)
    record_result(run=run, result="passed", note="AWS nodded 你好", actor=ANNE, now=clock())
    run = fresh(run)
    assert run.report_sha256 == sha256_of(report_of(run))
    parsed = json.loads(canonical(report_of(run)))
    assert (parsed["result"], parsed["note"]) == ("passed", "AWS nodded 你好")
    assert [each["key"] for each in parsed["steps"]] == [each.key for each in PLAN]

    ValidationStep.objects.filter(run=run, key="rule").update(note="forged afterwards")
    assert sha256_of(report_of(fresh(run))) == run.report_sha256
    record_result(run=run, result="passed", note="", actor=ANNE, now=clock())
    with pytest.raises(Problem, match="recorded already"):
        record_result(run=run, result="failed", note="", actor=ANNE, now=clock())


def test_the_pdf_of_a_report_prints_its_hash_and_carries_its_bytes(
    integration: Integration, play: Stage, clock: Clock
) -> None:
    hard = '#eval("1") *b* Grüße 你好 שלום 👩‍👩‍👧'
    play(receive=lambda look: Shown({"received": {"source": "aws.partner/x", "text": hard}}, "request-7"))
    run = finished(integration, clock)
    record_result(run=run, result="passed", note=hard, actor=ANNE, now=clock())
    run = fresh(run)
    reader = pypdf.PdfReader(io.BytesIO(pdf_of_report(run)))
    text = "".join("".join(page.extract_text().split()) for page in reader.pages)
    assert run.report_sha256 in text
    assert "request-7" in text
    assert '#eval("1")*b*Grüße' in text
    for planned in PLAN:
        assert "".join(planned.title.split()) in text
    assert reader.attachments["report.json"][0] == canonical(report_of(run))


def test_a_run_that_goes_on_or_was_stopped_has_not_passed(integration: Integration, play: Stage, clock: Clock) -> None:
    run = start(integration, clock)
    with pytest.raises(Problem, match="still going on"):
        record_result(run=run, result="passed", note="", actor=ANNE, now=clock())
    stop_run(run=run, note="Broke", actor=ANNE, now=clock())
    with pytest.raises(Problem, match="did not pass"):
        record_result(run=run, result="passed", note="", actor=ANNE, now=clock())
    assert record_result(run=run, result="failed", note="", actor=ANNE, now=clock()).report["note"] == "Broke"
