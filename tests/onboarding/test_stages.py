"""Integrations on their way through the four stages."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connections

from integrations.aws.limits import LimitError
from integrations.onboarding import stages
from integrations.onboarding.checklist import STAGES
from integrations.onboarding.checklist_help import HELP
from integrations.onboarding.models import ChecklistItem, Owner, Stage
from integrations.onboarding.stages import begin_integration, complete_item, current_of, reopen_item
from integrations.problems import Problem
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Environment, Integration
from tenants.audit import Actor
from tenants.models import AuditEntry, User

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SYSTEM = Actor.system("proofs")
TEST = EnvironmentSettings("test", "aws.partner/example.com.test", "111111111111", ["eu-west-1"])
PRODUCTION = EnvironmentSettings("production", "aws.partner/example.com", "111111111111", ["eu-west-1"])

pytestmark = pytest.mark.django_db


def begin(slug: str = "orders", environments: tuple[EnvironmentSettings, ...] = (TEST, PRODUCTION)) -> Integration:
    return begin_integration(slug=slug, name="Orders", environments=environments, actor=SYSTEM, now=NOW)


@pytest.fixture
def manager() -> Actor:
    return Actor.person(User.objects.create_user("manager@example.com", staff_role="manager"))


def prove(item: ChecklistItem, manager: Actor) -> None:
    if item.proof == ChecklistItem.Proof.AUTOMATIC:
        complete_item(item=item, actor=SYSTEM, now=LATER, evidence={"seen": True})
    else:
        complete_item(item=item, actor=manager, now=LATER, note="Read in the mail of 1 March")


def test_an_integration_begins_with_four_stages_and_every_standard_item() -> None:
    integration = begin()

    expected = [(stage.number, [item.key for item in stage.items]) for stage in STAGES]
    found = [(stage.number, [item.key for item in stage.items.all()]) for stage in integration.stages.all()]
    assert found == expected
    assert {stage.state for stage in integration.stages.all()} == {Stage.State.TODO}
    assert current_of(integration.stages.all()).number == 1


def test_the_standard_items_fit_their_columns_and_have_unique_keys() -> None:
    for stage in STAGES:
        keys = [item.key for item in stage.items]
        assert len(set(keys)) == len(keys)
    for item in ChecklistItem.objects.filter(stage__integration=begin()):
        item.full_clean()


def test_every_standard_item_has_its_help() -> None:
    assert HELP.keys() == {item.key for stage in STAGES for item in stage.items}


def test_an_integration_and_its_beginning_are_one_line_in_the_audit_log() -> None:
    integration = begin()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id, entry.at) == ("integration:create", str(integration.public_id), NOW)


def test_when_the_stages_cannot_be_written_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "STAGES", (STAGES[0], STAGES[0]))
    with pytest.raises(Problem) as refusal:
        begin()
    assert refusal.value.status == 409
    assert not Integration.objects.exists()
    assert not Environment.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("slug", ["", "two words", "a/b", "ü", "x" * 61, "a\x00b"])
def test_a_slug_that_no_url_can_carry_is_refused(slug: str) -> None:
    with pytest.raises(Problem) as refusal:
        begin(slug=slug)
    assert refusal.value.code == "invalid_integration"


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x00b", "a\nb"])
def test_a_name_that_nobody_can_read_is_refused(name: str) -> None:
    with pytest.raises(Problem) as refusal:
        begin_integration(slug="orders", name=name, environments=[TEST], actor=SYSTEM, now=NOW)
    assert refusal.value.code == "invalid_integration"


@pytest.mark.parametrize("environments", [(), (TEST, TEST)])
def test_an_integration_needs_one_environment_of_a_kind(environments: tuple[EnvironmentSettings, ...]) -> None:
    with pytest.raises(Problem) as refusal:
        begin(environments=environments)
    assert refusal.value.code == "invalid_integration"


def test_what_aws_would_refuse_is_refused_before_anything_is_written() -> None:
    with pytest.raises(LimitError):
        begin(environments=(EnvironmentSettings("test", "aws.partner/example.com", "111111111111", ["eu-west-1"]),))
    assert not Integration.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_integrations_begun_at_once_with_one_slug_one_is_refused() -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def race(domain: str) -> None:
        start.wait()
        environment = EnvironmentSettings("test", f"aws.partner/{domain}.test", "111111111111", ["eu-west-1"])
        try:
            begin(environments=(environment,))
            outcomes.append("created")
        except Problem as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race, args=(domain,)) for domain in ("example.com", "example.org")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["created", "integration_exists"]
    assert Stage.objects.count() == 4


def test_a_manual_item_keeps_who_when_and_why(manager: Actor) -> None:
    item = begin().stages.get(number=1).items.get(key="domain-owned")

    complete_item(item=item, actor=manager, now=LATER, note="Sent from the partner mailbox")

    item.refresh_from_db()
    assert (item.state, item.done_at, item.note) == ("done", LATER, "Sent from the partner mailbox")
    assert item.done_by is not None
    assert item.done_by.email == "manager@example.com"
    entry = AuditEntry.objects.get(action="checklist_item:complete")
    assert entry.after["item"] == "domain-owned"
    assert entry.actor_label == "manager@example.com"


@pytest.mark.parametrize("note", ["", "   "])
def test_a_manual_item_without_a_reason_stays_open(manager: Actor, note: str) -> None:
    item = begin().stages.get(number=1).items.get(key="domain-owned")
    with pytest.raises(Problem) as refusal:
        complete_item(item=item, actor=manager, now=LATER, note=note)
    assert refusal.value.code == "proof_missing"
    item.refresh_from_db()
    assert item.state == "open"


def test_the_system_cannot_tick_a_manual_item() -> None:
    item = begin().stages.get(number=1).items.get(key="domain-owned")
    with pytest.raises(Problem):
        complete_item(item=item, actor=SYSTEM, now=LATER, note="surely")


def test_nobody_ticks_an_automatic_item_without_evidence(manager: Actor) -> None:
    item = begin().stages.get(number=2).items.get(key="source-created")
    with pytest.raises(Problem) as refusal:
        complete_item(item=item, actor=manager, now=LATER, note="I saw it")
    assert refusal.value.code == "proof_missing"


def test_completing_twice_keeps_the_first_time_and_one_audit_line() -> None:
    item = begin().stages.get(number=2).items.get(key="source-created")
    complete_item(item=item, actor=SYSTEM, now=NOW, evidence={"source": 1})
    complete_item(item=item, actor=SYSTEM, now=LATER, evidence={"source": 2})
    item.refresh_from_db()
    assert (item.done_at, item.evidence) == (NOW, {"source": 1})
    assert AuditEntry.objects.filter(action="checklist_item:complete").count() == 1


def test_a_stage_is_in_work_from_its_first_item_on(manager: Actor) -> None:
    stage = begin().stages.get(number=1)
    prove(stage.items.get(key="domain-owned"), manager)
    stage.refresh_from_db()
    assert (stage.state, stage.owner, stage.started_at) == ("doing", Owner.PROVIDER, LATER)


def test_a_stage_waits_when_only_aws_has_something_to_do(manager: Actor) -> None:
    stage = begin().stages.get(number=1)
    for item in stage.items.exclude(owner=Owner.AWS):
        prove(item, manager)
    stage.refresh_from_db()
    assert (stage.state, stage.owner, stage.completed_at) == ("waiting", Owner.AWS, None)


def test_a_stage_is_done_with_its_last_item_and_the_integration_enters_the_next(manager: Actor) -> None:
    integration = begin()
    stage = integration.stages.get(number=1)
    for item in stage.items.all():
        prove(item, manager)
    stage.refresh_from_db()
    assert (stage.state, stage.completed_at) == ("done", LATER)
    assert current_of(integration.stages.all()).number == 2


def test_an_integration_that_went_through_everything_stays_in_the_last_stage(manager: Actor) -> None:
    integration = begin()
    for item in ChecklistItem.objects.filter(stage__integration=integration):
        prove(item, manager)
    assert (current_of(integration.stages.all()).number, current_of(integration.stages.all()).state) == (4, "done")


def test_reopening_takes_the_tick_and_the_stage_back_and_keeps_the_proof_in_the_audit_log(manager: Actor) -> None:
    integration = begin()
    stage = integration.stages.get(number=1)
    for item in stage.items.all():
        prove(item, manager)

    item = reopen_item(
        item=stage.items.get(key="receiver-named"), actor=manager, now=LATER, note="The account was closed"
    )

    assert (item.state, item.done_at, item.done_by, item.evidence) == ("open", None, None, None)
    stage.refresh_from_db()
    assert (stage.state, stage.owner, stage.completed_at) == ("doing", Owner.PROVIDER, None)
    assert current_of(integration.stages.all()).number == 1
    entry = AuditEntry.objects.get(action="checklist_item:reopen")
    assert entry.before["evidence"] == {"seen": True}
    assert entry.after["note"] == "The account was closed"


def test_reopening_the_only_done_item_brings_the_stage_back_to_do(manager: Actor) -> None:
    stage = begin().stages.get(number=1)
    prove(stage.items.get(key="domain-owned"), manager)
    reopen_item(item=stage.items.get(key="domain-owned"), actor=manager, now=LATER)
    stage.refresh_from_db()
    assert (stage.state, stage.started_at) == ("todo", None)


def test_reopening_an_open_item_leaves_no_trace(manager: Actor) -> None:
    reopen_item(item=begin().stages.get(number=1).items.get(key="domain-owned"), actor=manager, now=LATER)
    assert not AuditEntry.objects.filter(action="checklist_item:reopen").exists()


@pytest.mark.django_db(transaction=True)
def test_two_people_who_tick_the_last_two_items_at_once_finish_the_stage() -> None:
    stage = begin().stages.get(number=2)
    items = list(stage.items.all())
    ChecklistItem.objects.filter(pk__in=[item.pk for item in items[:-2]]).update(state="done")
    start = threading.Barrier(2)

    def tick(item: ChecklistItem) -> None:
        start.wait()
        complete_item(item=item, actor=SYSTEM, now=LATER, evidence={"seen": True})
        connections.close_all()

    threads = [threading.Thread(target=tick, args=(item,)) for item in items[-2:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stage.refresh_from_db()
    assert (stage.state, stage.completed_at) == ("done", LATER)
