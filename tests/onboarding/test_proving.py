"""The engine of the proofs: what is found is committed, lost and found again, and AWS is asked for real."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from integrations.events.models import Event
from integrations.onboarding import proving
from integrations.onboarding.models import ChecklistItem, Profile, TimelineEntry
from integrations.onboarding.profiles import archive, change_receiver
from integrations.onboarding.proofs.finding import PROVER, Finding
from integrations.onboarding.proving import check_item, due_items, record_finding, sweep_proofs
from integrations.onboarding.stages import complete_item
from integrations.problems import Problem
from integrations.registration.models import Environment, Integration
from tenants.audit import Actor
from tenants.identifiers import uuid7
from tenants.models import AuditEntry
from tests.events.history import execute
from tests.onboarding.conftest import NOW
from tests.sandbox.started import World

ROLE = "arn:aws:iam::222222222222:role/receiver"
YES = Finding(True, "Seen.", {"says": "Seen.", "at": "2026-03-02T12:00:00+00:00"})
NO = Finding(False, "It is gone.")
CANNOT = Finding(None, "AWS did not answer.")


def item_of(integration: Integration, key: str) -> ChecklistItem:
    return ChecklistItem.objects.get(stage__integration=integration, key=key)


def record(item: ChecklistItem, finding: Finding, minutes: int) -> ChecklistItem:
    return record_finding(item=item, finding=finding, asked_at=NOW + timedelta(minutes=minutes), actor=PROVER)


def test_an_item_is_proven_lost_and_proven_again_and_keeps_its_old_evidence(integration: Integration) -> None:
    item = item_of(integration, "source-created")
    assert record(item, YES, 1).state == "done"

    lost = record(item, NO, 2)
    assert (lost.state, lost.missing, lost.lost_at) == ("lost", "It is gone.", NOW + timedelta(minutes=2))
    assert lost.evidence == YES.evidence
    stage = integration.stages.get(number=2)
    assert (stage.state, stage.owner) == ("doing", "provider")

    again = record(item, YES, 3)
    assert (again.state, again.missing, again.lost_at) == ("done", "", None)
    told = TimelineEntry.objects.filter(item=item).order_by("at").values_list("kind", "title")
    assert [kind for kind, _ in told] == ["proven", "lost", "proven"]
    assert AuditEntry.objects.filter(action="checklist_item:lose").count() == 1


def test_what_could_not_be_looked_at_proves_and_disproves_nothing(integration: Integration) -> None:
    item = item_of(integration, "test-enabled")
    assert record(item, CANNOT, 1).missing == "AWS did not answer."
    record(item, YES, 2)
    assert record(item, CANNOT, 3).state == "done"


def test_a_slow_look_does_not_undo_a_later_one(integration: Integration) -> None:
    item = item_of(integration, "source-created")
    record(item, YES, 5)
    assert record(item, NO, 4).state == "done"


def test_an_item_that_a_person_confirms_is_not_checked(integration: Integration, manager: Actor) -> None:
    with pytest.raises(Problem, match="confirmed by a person"):
        check_item(item=item_of(integration, "domain-owned"), actor=manager, clock=timezone.now)


def test_a_question_that_takes_too_long_leaves_the_proof(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(_: object) -> Finding:
        raise OperationalError("canceling statement due to statement timeout")

    item = item_of(integration, "test-registered")
    check_item(item=item, actor=PROVER, clock=timezone.now)
    monkeypatch.setitem(proving.PROOFS, "test-registered", slow)
    assert check_item(item=item, actor=PROVER, clock=timezone.now).state == "done"


@pytest.mark.usefixtures("store")
def test_the_sweep_proves_what_facts_prove_and_goes_on_after_a_proof_that_breaks(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(proving.PROOFS, "test-registered", lambda _: 1 / 0)
    monkeypatch.setattr(proving, "LIVE", {})
    assert sweep_proofs(clock=lambda: NOW) is False
    assert item_of(integration, "receiver-named").state == "done"
    assert item_of(integration, "production-registered").state == "done"
    assert item_of(integration, "test-registered").state == "open"


def test_what_holds_is_looked_at_more_rarely_and_what_is_archived_never(
    integration: Integration, manager: Actor
) -> None:
    ChecklistItem.objects.update(checked_at=NOW)
    ChecklistItem.objects.filter(key="test-registered").update(state="done")
    minute, quarter = NOW + timedelta(minutes=1, seconds=1), NOW + timedelta(minutes=15, seconds=1)
    assert "receiver-named" in due_items(minute).values_list("key", flat=True)
    assert "test-registered" not in due_items(minute).values_list("key", flat=True)
    assert "test-registered" in due_items(quarter).values_list("key", flat=True)
    assert not due_items(NOW).exists()
    archive(integration=integration, archived=True, reason="sold", actor=manager, now=NOW)
    assert not due_items(quarter).exists()


def test_aws_is_not_asked_for_a_stage_whose_turn_has_not_come(integration: Integration) -> None:
    due = set(due_items(NOW).values_list("key", flat=True))
    assert {"sender-proven", "test-enabled"} <= due
    assert "production-enabled" not in due


# --- against the simulator


@pytest.mark.django_db(transaction=True)
def test_the_namespace_is_probed_by_a_source_that_is_made_and_deleted(integration: Integration, aws: World) -> None:
    item = check_item(item=item_of(integration, "test-enabled"), actor=PROVER, clock=timezone.now)
    assert item.state == "done", item.missing
    assert [probe["region"] for probe in item.evidence["probes"]] == ["eu-west-1", "us-east-1"]
    assert (
        aws.partner.list_partner_event_sources(NamePrefix="aws.partner/example.com.test/")["PartnerEventSources"] == []
    )


@pytest.mark.django_db(transaction=True)
def test_a_probe_that_was_killed_is_tidied_up_by_the_next(integration: Integration, aws: World) -> None:
    left = "aws.partner/example.com.test/partnerbus-probe/left"
    aws.offer(left)
    check_item(item=item_of(integration, "test-enabled"), actor=PROVER, clock=timezone.now)
    assert aws.seen_by_partner(left) == "none"


@pytest.mark.django_db(transaction=True)
def test_a_namespace_that_aws_refuses_is_told_with_its_words(integration: Integration, aws: World) -> None:
    aws.sandbox.private("POST", "publishers", {"account": "111111111111", "namespaces": ["aws.partner/other.com"]})
    item = check_item(item=item_of(integration, "test-enabled"), actor=PROVER, clock=timezone.now)
    assert item.state == "open"
    assert "aws.partner/example.com.test cannot be used in eu-west-1." in item.missing
    assert "AccessDenied" in item.missing


@pytest.mark.django_db(transaction=True)
def test_the_sender_is_proven_by_its_credentials_and_lost_with_them(
    integration: Integration, aws: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = item_of(integration, "sender-proven")
    assert check_item(item=item, actor=PROVER, clock=timezone.now).state == "done"
    Environment.objects.filter(integration=integration, kind="test").update(publisher_account="333333333333")
    lost = check_item(item=item, actor=PROVER, clock=timezone.now)
    assert lost.state == "lost"
    assert "belong to account 111111111111; the registered sender is 333333333333" in lost.missing


@pytest.mark.django_db(transaction=True)
def test_aws_that_cannot_be_reached_takes_no_proof_away(
    integration: Integration, aws: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = item_of(integration, "sender-proven")
    check_item(item=item, actor=PROVER, clock=timezone.now)
    from integrations.aws.connections import forget_connections

    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    forget_connections()
    assert check_item(item=item, actor=PROVER, clock=timezone.now).state == "done"


@pytest.fixture
def receiving(integration: Integration, manager: Actor, aws: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The receiver's queue, to which the integration has a role; returns how to put a message into it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", aws.sandbox.url)
    inbox = aws.queue()
    change_receiver(
        integration=integration,
        role_arn=ROLE,
        external_id="",
        queue_url=inbox.url,
        actor=manager,
        now=NOW,
    )
    return inbox


def name_receiver(integration: Integration, manager: Actor, role: str, queue: str) -> None:
    change_receiver(
        integration=integration,
        role_arn=role,
        external_id="",
        queue_url=queue,
        actor=manager,
        now=NOW,
    )


def message(integration: Integration, event_id: object) -> str:
    name = "aws.partner/example.com.test/alder/events"
    return f'{{"id":"1","source":"{name}","detail-type":"t","resources":["urn:partnerbus:event:{event_id}"]}}'


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("store")
def test_an_event_in_the_receivers_queue_proves_the_rule(integration: Integration, receiving: Any) -> None:
    item = item_of(integration, "rule-delivered")
    assert item.proof == "automatic"
    receiving.sqs.send_message(QueueUrl=receiving.url, MessageBody="not an event of ours")
    assert "Nothing has arrived" in check_item(item=item, actor=PROVER, clock=timezone.now).missing

    test, event_id = integration.environments.get(kind="test"), uuid7()
    execute("insert into event_types (name) values ('t') on conflict do nothing")
    execute(
        "insert into events (id, environment_id, tenant_id, type_id, disposition, wire)"
        " select %s, %s, 0, id, 0, '' from event_types where name = 't'",
        event_id,
        test.pk,
    )
    receiving.sqs.send_message(QueueUrl=receiving.url, MessageBody=message(integration, uuid7()))
    receiving.sqs.send_message(QueueUrl=receiving.url, MessageBody=message(integration, event_id))
    item = check_item(item=item, actor=PROVER, clock=timezone.now)
    assert item.state == "done", item.missing
    assert item.evidence["event"] == str(event_id)
    Event.objects.filter(id=event_id).delete()


@pytest.mark.django_db(transaction=True)
def test_a_rule_that_delivers_no_more_loses_its_proof(
    integration: Integration, receiving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = item_of(integration, "rule-delivered")
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()
    complete_item(item=item, actor=PROVER, now=NOW, evidence={"says": "It arrived.", "at": yesterday})
    kept = check_item(item=item, actor=PROVER, clock=timezone.now)
    assert kept.state == "done", kept.missing

    accepted = timezone.now() - timedelta(hours=1)
    monkeypatch.setattr("integrations.onboarding.proofs.live.missing_since", lambda *_: accepted)
    lost = check_item(item=item, actor=PROVER, clock=timezone.now)
    assert lost.state == "lost"
    assert "although AWS accepted events until" in lost.missing


@pytest.mark.django_db(transaction=True)
def test_without_a_queue_a_person_confirms_the_rule(integration: Integration, manager: Actor, receiving: Any) -> None:
    name_receiver(integration, manager, "", "")
    assert item_of(integration, "rule-delivered").proof == "manual"
    assert Profile.objects.get(integration=integration).receiver_external_id == ""


@pytest.mark.parametrize(
    ("role", "queue"),
    [
        ("arn:aws:iam::1:role/x", "https://sqs.eu-west-1.amazonaws.com/222222222222/q"),
        (ROLE, "https://example.com/"),
        (ROLE, "https://sqs.eu-west-1.amazonaws.com/333333333333/q"),
        (ROLE, ""),
    ],
)
def test_a_receiver_that_cannot_be_one_is_refused(
    integration: Integration, manager: Actor, role: str, queue: str
) -> None:
    with pytest.raises(Problem) as refusal:
        change_receiver(
            integration=integration,
            role_arn=role,
            external_id="",
            queue_url=queue,
            actor=manager,
            now=NOW,
        )
    assert refusal.value.code == "receiver_invalid"
