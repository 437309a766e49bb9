"""What people do with a source: pause, resume, select, drain slowly, delete, offer again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.problems import Problem
from integrations.sources.deletion import delete_source
from integrations.sources.drain import drain_rate_of, set_drain_rate
from integrations.sources.models import Lane, Source, SourceChange
from integrations.sources.pausing import pause_source, resume_source
from integrations.sources.renewal import reprovision
from integrations.sources.reselection import change_selection
from integrations.sources.states import shown_state
from integrations.sources.sweep import sweep
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant, User
from tests.sandbox.started import DAY, World

Offer = Callable[..., Source]


@pytest.fixture
def person(db: None) -> Actor:
    return Actor.person(User.objects.create_user("sam@shop.test", "x"))


def swept(source: Source) -> Source:
    Source.objects.filter(pk=source.pk).exclude(due_at=None).update(due_at=timezone.now())
    sweep(clock=timezone.now)
    return Source.objects.get(pk=source.pk)


def is_open(source: Source) -> bool:
    return Lane.objects.get(source=source).publishable


def told(source: Source, field: str) -> list[tuple[str, str, str]]:
    changes = SourceChange.objects.filter(source=source, field=field).order_by("id")
    return list(changes.values_list("before", "after", "cause"))


def refused(code: str, act: Callable[..., Any], **given: Any) -> Problem:
    with pytest.raises(Problem) as raised:
        act(**given, now=timezone.now())
    assert (raised.value.code, len(raised.value.detail) > 30) == (code, True)
    return raised.value


@pytest.fixture
def active(offer: Offer, aws: World) -> Source:
    source = swept(swept(offer()))
    aws.accept(source.name)
    return swept(source)


def test_a_paused_source_holds_and_a_resumed_one_flows(active: Source, person: Actor) -> None:
    pause_source(source=active, actor=person, now=timezone.now())
    assert (shown_state(swept(active)), is_open(active)) == ("paused", False)
    resumed = resume_source(source=active, actor=person, now=timezone.now())
    assert (shown_state(resumed), is_open(active)) == ("active", True)
    assert told(active, "desired")[1:] == [("present", "paused", "person"), ("paused", "present", "person")]
    assert AuditEntry.objects.filter(action__in=["source:pause", "source:resume"]).count() == 2


def test_pausing_twice_changes_nothing(active: Source, person: Actor) -> None:
    for _ in range(2):
        pause_source(source=active, actor=person, now=timezone.now())
    assert AuditEntry.objects.filter(action="source:pause").count() == 1


def test_what_is_paused_while_it_is_provisioned_stays_paused(offer: Offer, aws: World, person: Actor) -> None:
    source = offer()
    pause_source(source=source, actor=person, now=timezone.now())
    swept(swept(source))
    aws.accept(source.name)
    assert (shown_state(swept(source)), is_open(source)) == ("paused", False)


def test_a_deleted_source_is_gone_once_aws_says_so(active: Source, aws: World, person: Actor) -> None:
    deleted = delete_source(source=active, keep_queue=True, actor=person, now=timezone.now())
    assert (deleted.desired, is_open(active), aws.seen_by_partner(active.name)) == ("absent", False, "ACTIVE")
    gone = swept(active)
    assert aws.state(active.name) in ("none", "DELETED")
    assert (shown_state(gone), gone.due_at, gone.failure_code) == ("gone", None, "")
    assert told(active, "observed")[-1][0] == "active"
    assert told(active, "desired")[-1] == ("present", "absent", "person")
    assert Lane.objects.get(source=active).drops_since is None
    audited = AuditEntry.objects.get(action="source:delete")
    assert (audited.after or {})["queue"] == "kept"


def test_a_discarded_queue_is_marked_also_after_the_deletion(active: Source, person: Actor) -> None:
    for keeps in (True, True, False, False):
        delete_source(source=active, keep_queue=keeps, actor=person, now=timezone.now())
    assert Lane.objects.get(source=active).drops_since is not None
    assert AuditEntry.objects.filter(action="source:delete").count() == 2


def test_a_source_whose_call_was_never_made_is_deleted_all_the_same(offer: Offer, aws: World, person: Actor) -> None:
    source = offer()
    aws.offer(source.name)  # by a worker that died before it could say so
    delete_source(source=source, keep_queue=True, actor=person, now=timezone.now())
    assert shown_state(swept(source)) == "gone"
    assert aws.seen_by_partner(source.name) == "none"


def test_a_deletion_that_aws_refuses_is_tried_again(active: Source, aws: World, person: Actor) -> None:
    aws.faults(operation_errors={"DeletePartnerEventSource": "OperationDisabledException"})
    delete_source(source=active, keep_queue=True, actor=person, now=timezone.now())
    waiting = swept(active)
    assert aws.seen_by_partner(active.name) == "ACTIVE"
    assert (waiting.failure_code, waiting.failure_final) == ("OperationDisabledException", False)
    assert waiting.due_at is not None
    aws.sandbox.private("DELETE", "faults")
    assert shown_state(swept(active)) == "gone"


def test_nothing_is_done_with_a_deleted_source(active: Source, person: Actor) -> None:
    delete_source(source=active, keep_queue=True, actor=person, now=timezone.now())
    for act, given in (
        (pause_source, {}),
        (resume_source, {}),
        (change_selection, {"event_types": None, "pattern": None}),
        (set_drain_rate, {"per_second": 5}),
    ):
        refused("source_deleted", act, source=active, actor=person, **given)
    refused("source_being_deleted", reprovision, source=active, actor=person)


def test_a_deleted_source_is_provisioned_again_with_its_lane(active: Source, aws: World, person: Actor) -> None:
    delete_source(source=active, keep_queue=False, actor=person, now=timezone.now())
    swept(active)
    again = reprovision(source=active, actor=person, now=timezone.now())
    assert (again.pk, again.desired, shown_state(again)) == (active.pk, "present", "requested")
    assert Lane.objects.get(source=active).drops_since is None
    assert shown_state(swept(swept(active))) == "pending"
    assert aws.seen_by_partner(active.name) == "PENDING"


def test_a_new_offer_of_the_name_waits_until_the_old_one_is_taken_back(
    active: Source, offer: Offer, aws: World, person: Actor
) -> None:
    delete_source(source=active, keep_queue=True, actor=person, now=timezone.now())
    Source.objects.filter(pk=active.pk).update(due_at=timezone.now() + timedelta(hours=1))
    new = offer(account="333333333333")
    assert swept(new).provisioned_at is None
    assert aws.seen_by_partner(active.name) == "ACTIVE"
    swept(active)
    assert shown_state(swept(swept(new))) == "pending"
    refused("label_taken", reprovision, source=active, actor=person)


def test_only_what_is_over_is_provisioned_again(active: Source, person: Actor) -> None:
    assert "active" in refused("source_not_ended", reprovision, source=active, actor=person).detail


def test_an_expired_source_is_provisioned_again_by_a_schedule(offer: Offer, aws: World) -> None:
    source = swept(swept(offer()))
    aws.advance(30 * DAY)
    assert shown_state(swept(source)) == "expired"
    cause = SourceChange.Cause.SCHEDULE
    reprovision(source=source, actor=Actor.system("expiry"), now=timezone.now(), cause=cause, note="1 of 3")
    assert told(source, "state") == [("expired", "requested", "schedule")]
    assert shown_state(swept(swept(source))) == "pending"


def test_a_closed_tenant_gets_nothing_back(offer: Offer, aws: World, tenant: Tenant, person: Actor) -> None:
    source = swept(swept(offer()))
    Tenant.objects.filter(pk=tenant.pk).update(closed_at=timezone.now())
    refused("tenant_closed", reprovision, source=source, actor=person)


def test_a_selection_is_changed_and_told(active: Source, person: Actor) -> None:
    for types in (["b", "a"], ["a", "b"]):
        change_selection(source=active, event_types=types, pattern=None, actor=person, now=timezone.now())
    change_selection(source=active, event_types=None, pattern={"source": ["x"]}, actor=person, now=timezone.now())
    assert told(active, "selection") == [
        ("all events", "b, a", "person"),
        ("b, a", "all types, by a pattern", "person"),
    ]
    refused("event_types_invalid", change_selection, source=active, event_types=[], pattern=None, actor=person)


def test_a_drain_rate_is_set_and_taken_off(active: Source, person: Actor) -> None:
    for rate in (5, 5, None):
        set_drain_rate(source=active, per_second=rate, actor=person, now=timezone.now())
        assert drain_rate_of(active) == rate
    assert told(active, "drain_rate") == [
        ("no limit", "5 a second", "person"),
        ("5 a second", "no limit", "person"),
    ]
    refused("rate_invalid", set_drain_rate, source=active, per_second=0, actor=person)


def test_the_moment_of_the_activation_is_kept_beyond_the_end(active: Source, aws: World) -> None:
    assert active.activated_at is not None
    aws.withdraw(active.name)
    gone = swept(active)
    assert (shown_state(gone), gone.activated_at) == ("gone", active.activated_at)
