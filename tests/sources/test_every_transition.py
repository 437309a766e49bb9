"""Each transition that AWS knows for a source and its customer's account, as a whole: what we show, hold and say.

First those of AWS's own table, in its order; then each that may be seen between two questions, however AWS got there.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from django.utils import timezone

from integrations.problems import Problem
from integrations.sources.accepting import step_to_accept
from integrations.sources.asking import ask_now
from integrations.sources.deletion import delete_source
from integrations.sources.models import Lane, Observed, Source, SourceChange
from integrations.sources.observation import LIST_MAY_LAG, Answer, transition
from integrations.sources.renewal import reprovision
from integrations.sources.states import shown_state
from integrations.sources.sweep import sweep
from tenants.audit import Actor
from tests.aws.scripted_aws import ScriptedAws
from tests.sandbox.started import DAY, World
from tests.sources.aws_side import accounts, created

Offer = Callable[..., Source]
ACTOR = Actor.system("test")


def swept(source: Source) -> Source:
    Source.objects.filter(pk=source.pk).exclude(due_at=None).update(due_at=timezone.now())
    sweep(clock=timezone.now)
    return Source.objects.get(pk=source.pk)


def seen(source: Source) -> tuple[str, str, bool]:
    """What is shown, AWS's word, and whether events flow, after AWS was asked."""
    current = swept(source)
    return str(shown_state(current)), current.observed, Lane.objects.get(source=source).publishable


def last_cause(source: Source) -> str:
    return SourceChange.objects.filter(source=source, field="observed").order_by("-id")[0].cause


@pytest.fixture
def pending(offer: Offer, aws: World) -> Source:
    return swept(swept(offer()))


@pytest.fixture
def active(pending: Source, aws: World) -> Source:
    aws.accept(pending.name)
    return swept(pending)


def test_none_to_pending_by_our_call(pending: Source) -> None:
    assert seen(pending) == ("pending", "pending", False)


def test_pending_to_active_by_the_customers_bus(active: Source) -> None:
    assert seen(active) == ("active", "active", True)
    assert last_cause(active) == "aws"


def test_pending_to_none_by_expiry(pending: Source, aws: World) -> None:
    aws.advance(30 * DAY)
    assert seen(pending) == ("expired", "none", False)
    assert last_cause(pending) == "expiry"


def test_pending_to_none_by_our_deletion(pending: Source, aws: World) -> None:
    delete_source(source=pending, keep_queue=True, actor=ACTOR, now=timezone.now())
    assert seen(pending) == ("gone", "none", False)
    assert aws.state(pending.name) == "none"


def test_active_to_deleted_by_our_deletion(active: Source, aws: World) -> None:
    delete_source(source=active, keep_queue=True, actor=ACTOR, now=timezone.now())
    state, observed, flows = seen(active)
    assert (state, observed in ("deleted", "none"), flows) == ("gone", True, False)
    assert aws.state(active.name) == "DELETED"


def test_active_to_deleted_behind_our_back(active: Source, aws: World) -> None:
    aws.withdraw(active.name)
    state, observed, flows = seen(active)
    assert (state, observed in ("deleted", "none"), flows) == ("gone", True, False)


def test_active_to_pending_by_the_customers_deactivation_and_back(active: Source, aws: World) -> None:
    aws.alder.deactivate_event_source(Name=active.name)
    assert seen(active) == ("pending", "pending", False)
    assert Source.objects.get(pk=active.pk).expires_at is not None
    aws.alder.activate_event_source(Name=active.name)
    assert seen(active) == ("active", "active", True)


def test_active_to_pending_by_the_customers_deletion_of_its_bus(active: Source, aws: World) -> None:
    aws.alder.delete_event_bus(Name=active.name)
    assert seen(active) == ("pending", "pending", False)


def test_deleted_to_pending_while_the_bus_is_left_and_active_only_by_the_customer(active: Source, aws: World) -> None:
    aws.withdraw(active.name)
    seen(active)
    reprovision(source=active, actor=ACTOR, now=timezone.now())
    swept(active)
    assert seen(active) == ("pending", "pending", False)
    step = step_to_accept(Source.objects.get(pk=active.pk))
    assert step is not None
    assert step.commands[0].startswith("aws events activate-event-source")
    aws.alder.activate_event_source(Name=active.name)
    assert seen(active) == ("active", "active", True)


def test_deleted_to_none_by_the_customers_deletion_of_its_bus(active: Source, aws: World) -> None:
    aws.withdraw(active.name)
    seen(active)
    aws.alder.delete_event_bus(Name=active.name)
    assert seen(active)[0] == "gone"
    assert aws.state(active.name) == "none"


def test_pending_with_its_bus_left_to_its_end_by_expiry(active: Source, aws: World) -> None:
    aws.alder.deactivate_event_source(Name=active.name)
    seen(active)
    aws.advance(30 * DAY)
    state, observed, flows = seen(active)
    assert (state in ("expired", "gone"), observed in ("none", "deleted"), flows) == (True, True, False)


def test_a_name_that_somebody_else_offered_to_another_account_is_gone_and_said_so(
    offer: Offer, scripted: ScriptedAws
) -> None:
    source = offer()
    scripted.answers(created(), accounts("222222222222", state="ACTIVE"))
    assert swept(source).observed == "active"
    scripted.answers(accounts("333333333333", state="ACTIVE"))
    assert seen(source) == ("gone", "none", False)
    change = SourceChange.objects.filter(source=source).order_by("-id")[0]
    assert "another account" in change.note
    assert "333333333333" not in change.note


def test_aws_is_asked_at_once_for_somebody_who_wants_to_know_and_not_twice_a_moment(pending: Source) -> None:
    Source.objects.update(due_at=timezone.now() + timedelta(hours=1))
    assert not ask_now(source=pending, now=timezone.now())
    later = timezone.now() + timedelta(seconds=30)
    assert ask_now(source=pending, now=later)
    assert Source.objects.get(pk=pending.pk).due_at == later
    Source.objects.update(due_at=None)
    with pytest.raises(Problem, match="Provision it again"):
        ask_now(source=pending, now=later)


AWSS_WORDS = {None: "none", Observed.PENDING: "pending", Observed.ACTIVE: "active", Observed.DELETED: "deleted"}
LONG_AGO = timezone.now() - timedelta(days=1)
CHANGES = sorted(
    {
        (before, transition(Source(observed=before, provisioned_at=LONG_AGO), Answer(word), timezone.now()).observed)
        for before in Observed.values
        for word in AWSS_WORDS
    }
    - {(word, word) for word in Observed.values}
)
ENDED = {("pending", "none"): "expired", ("active", "none"): "gone", ("deleted", "none"): "gone"}
ENDED |= {("unknown", "none"): "gone"} | {(before, "deleted"): "gone" for before in Observed.values}


def bring_to(aws: World, name: str, state: str) -> None:
    """Let AWS have the source in this state, whatever it is in. DELETED lasts while a bus is left."""
    if aws.seen_by_partner(name) == "ACTIVE":
        aws.alder.delete_event_bus(Name=name)
    aws.withdraw(name)
    with suppress(ClientError):
        aws.alder.delete_event_bus(Name=name)
    if state != "none":
        aws.offer(name)
    if state in ("active", "deleted"):
        aws.accept(name)
    if state == "deleted":
        aws.withdraw(name)


def test_all_that_aws_may_say_after_all_that_it_said_before_is_in_the_table() -> None:
    befores, afters = set(Observed.values), set(AWSS_WORDS.values())
    assert set(CHANGES) == {(before, after) for before in befores for after in afters if before != after}


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_whatever_is_seen_next_is_shown_and_told_with_its_cause(
    before: str, after: str, offer: Offer, aws: World
) -> None:
    aws.settings(partner_sees_deleted=True)
    source = swept_once(offer())
    if before != "unknown":
        bring_to(aws, source.name, before)
        assert seen_after_the_lag(source).observed == before
    bring_to(aws, source.name, after)
    told_before = SourceChange.objects.filter(source=source).count()
    current = seen_after_the_lag(source)
    assert (current.observed, current.ended) == (after, ENDED.get((before, after), ""))
    assert Lane.objects.get(source=source).publishable is (after == "active")
    (change,) = SourceChange.objects.filter(source=source).order_by("id")[told_before:]
    assert (change.field, change.before, change.after) == ("observed", before, after)
    assert change.cause == ("expiry" if current.ended == "expired" else "aws")
    assert (change.confirmed_at is None) is (before == "unknown")


def swept_once(source: Source) -> Source:
    """Provision it and ask nothing yet."""
    sweep(clock=timezone.now, steps=1)
    assert Source.objects.get(pk=source.pk).provisioned_at is not None
    return source


def seen_after_the_lag(source: Source) -> Source:
    Source.objects.filter(pk=source.pk).update(provisioned_at=timezone.now() - LIST_MAY_LAG)
    return swept(source)
