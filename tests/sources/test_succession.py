"""Another account, region or label is another offer, which takes over the queue and the history of the old one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.problems import Problem
from integrations.sources.accepting import step_to_accept
from integrations.sources.deletion import delete_source
from integrations.sources.models import Lane, Source, SourceChange
from integrations.sources.states import shown_state
from integrations.sources.succession import plan_succession, succeed
from integrations.sources.sweep import sweep
from tenants.audit import Actor
from tenants.models import AuditEntry
from tests.sandbox.started import BIRCH, World

Offer = Callable[..., Source]
ACTOR = Actor.system("test")


def swept(source: Source) -> Source:
    Source.objects.filter(pk=source.pk).exclude(due_at=None).update(due_at=timezone.now())
    sweep(clock=timezone.now)
    return Source.objects.get(pk=source.pk)


@pytest.fixture
def active(offer: Offer, aws: World) -> Source:
    source = swept(swept(offer()))
    aws.accept(source.name)
    return swept(source)


def test_a_plan_says_what_would_be_offered_and_changes_nothing(active: Source) -> None:
    plan = plan_succession(source=active, region="us-east-1", label="more")
    assert (plan.offer.account, plan.offer.region, plan.offer.label) == (active.account, "us-east-1", "more")
    assert plan.offer.name.endswith("/more")
    assert not plan.keeps_its_name
    assert plan_succession(source=active, account=BIRCH).keeps_its_name
    assert Source.objects.count() == 1


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "succession_unchanged"),
        ({"label": "events"}, "succession_unchanged"),
        ({"account": "1"}, "invalid_account"),
        ({"region": "mars-1"}, "region_unknown"),
        ({"region": "eu-west-3"}, "region_not_allowed"),
        ({"label": "a b"}, "invalid_label"),
        ({"label": "taken"}, "label_taken"),
    ],
)
def test_what_cannot_be_offered_is_refused_before_anything_happens(
    active: Source, offer: Offer, asked: dict[str, str], code: str
) -> None:
    offer(label="taken")
    with pytest.raises(Problem) as raised:
        succeed(source=active, actor=ACTOR, now=timezone.now(), **asked)
    assert raised.value.code == code
    assert Source.objects.filter(desired="absent").count() == 0


def test_the_new_offer_has_the_lane_and_the_history_and_the_old_one_is_deleted(active: Source, aws: World) -> None:
    old_name = active.name
    new = succeed(source=active, label="orders", actor=ACTOR, now=timezone.now())
    assert (new.pk, shown_state(new), Lane.objects.get(source=new).publishable) == (active.pk, "requested", False)
    assert new.public_id != active.public_id
    old = Source.objects.get(public_id=active.public_id)
    assert (old.name, old.desired, new.predecessor_id) == (old_name, "absent", old.pk)
    fields = list(SourceChange.objects.filter(source=new).order_by("id").values_list("field", flat=True))
    assert fields == ["desired", "observed", "observed", "succession"]
    assert shown_state(swept(old)) == "gone"
    assert aws.seen_by_partner(old_name) != "ACTIVE"
    assert shown_state(swept(swept(new))) == "pending"
    aws.accept(new.name)
    assert shown_state(swept(new)) == "active"
    (audited,) = AuditEntry.objects.filter(action="source:succeed")
    assert ((audited.before or {})["id"], (audited.after or {})["id"]) == (str(active.public_id), str(new.public_id))


def test_another_account_under_the_same_name_waits_until_aws_has_let_go(active: Source, aws: World) -> None:
    new = succeed(source=active, account=BIRCH, actor=ACTOR, now=timezone.now())
    old = Source.objects.get(public_id=active.public_id)
    Source.objects.filter(pk=old.pk).update(due_at=timezone.now() + timedelta(hours=1))
    assert swept(new).provisioned_at is None
    swept(old)
    assert shown_state(swept(swept(new))) == "pending"
    listed = aws.partner.list_partner_event_source_accounts(EventSourceName=new.name)["PartnerEventSourceAccounts"]
    assert [row["Account"] for row in listed if row["State"] == "PENDING"] == [BIRCH]


def test_an_answer_about_the_old_offer_does_not_touch_the_new_one(active: Source, aws: World) -> None:
    from integrations.sources.models import Observed
    from integrations.sources.observation import Answer, record_answer

    now = timezone.now()
    succeed(source=active, label="orders", actor=ACTOR, now=now)
    record_answer(active, Answer(Observed.ACTIVE), asked_at=now, now=now)
    assert shown_state(Source.objects.get(pk=active.pk)) == "requested"


def test_a_paused_source_stays_paused_and_a_deleted_one_has_no_successor(active: Source) -> None:
    Source.objects.filter(pk=active.pk).update(desired="paused")
    assert succeed(source=active, label="orders", actor=ACTOR, now=timezone.now()).desired == "paused"
    delete_source(source=active, keep_queue=True, actor=ACTOR, now=timezone.now())
    with pytest.raises(Problem, match="was deleted"):
        plan_succession(source=Source.objects.get(pk=active.pk), label="x")


def command_of(source: Source) -> list[str]:
    step = step_to_accept(source)
    assert step is not None
    return [command.split()[2] for command in step.commands]


def test_both_sides_are_told_the_command_that_is_due(offer: Offer, aws: World, active: Source) -> None:
    fresh = swept(swept(offer(label="fresh")))
    assert command_of(fresh) == ["create-event-bus"]
    assert step_to_accept(active) is None
    aws.alder.deactivate_event_source(Name=active.name)
    left = swept(active)
    assert command_of(left) == ["activate-event-source", "create-event-bus"]
    step: Any = step_to_accept(left)
    assert f"--name '{active.name}' --region {active.region}" in step.commands[0]
    aws.alder.activate_event_source(Name=active.name)
    assert shown_state(swept(active)) == "active"


def test_a_source_offered_again_while_its_bus_is_left_stays_pending_until_it_is_attached(
    active: Source, aws: World
) -> None:
    from integrations.sources.renewal import reprovision

    aws.withdraw(active.name)
    assert shown_state(swept(active)) == "gone"
    reprovision(source=active, actor=ACTOR, now=timezone.now())
    pending = swept(swept(active))
    assert (shown_state(pending), command_of(pending)[0]) == ("pending", "activate-event-source")
    aws.alder.activate_event_source(Name=active.name)
    assert shown_state(swept(active)) == "active"
