"""What happened becomes notices for those whom it concerns, once for each cause."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from integrations.notifications import texts, troubles
from integrations.notifications.choosing import choose
from integrations.notifications.kinds import AUDIENCES, Kind
from integrations.notifications.models import Message, Notice, Progress
from integrations.notifications.recipients import Wants
from integrations.notifications.sweep import notice_what_happened
from integrations.notifications.troubles import QUIET
from integrations.onboarding.models import ChecklistItem, Profile, Stage
from integrations.registration.models import Breaker, Environment
from integrations.sources.models import ExpiryReminder, Source, SourceChange
from integrations.sources.reserve import reserve_for
from tenants.accounts import put_tenant
from tenants.models import Membership, Tenant, User
from tests.conftest import SYSTEM
from tests.dashboard.pages import bury, change_gate

Change = Callable[..., SourceChange]


def kinds() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


def told(user: User) -> list[tuple[str, str]]:
    return sorted(Message.objects.filter(user=user).values_list("notice__kind", "channel"))


@pytest.mark.parametrize(
    ("before", "after", "cause", "kind"),
    [
        ("pending", "active", "aws", "activated"),
        ("pending", "none", "expiry", "expired"),
        ("active", "none", "aws", "expired"),
        ("active", "deleted", "aws", "expired"),
        ("active", "pending", "aws", "failing"),
    ],
)
def test_what_aws_says_becomes_a_notice(
    before: str, after: str, cause: str, kind: str, change: Change, ada: User, now: datetime
) -> None:
    change(before, after, cause=cause)
    assert notice_what_happened(now=now) == 1
    assert told(ada) == [(kind, "email"), (kind, "list")]


@pytest.mark.parametrize(("before", "after"), [("unknown", "pending"), ("none", "pending")])
def test_what_is_no_news_to_anybody_becomes_none(before: str, after: str, change: Change, now: datetime) -> None:
    change(before, after)
    assert notice_what_happened(now=now) == 0


def test_who_deletes_a_source_is_not_told_of_it(change: Change, source: Source, now: datetime) -> None:
    Source.objects.filter(pk=source.pk).update(desired="absent")
    change("active", "none")
    assert notice_what_happened(now=now) == 0


def test_attached_again_is_a_recovery_and_offered_again_is_told(change: Change, now: datetime) -> None:
    change("pending", "active")
    change("active", "pending")
    change("expired", "requested", field="state", cause="person")
    change("pending", "active")
    notice_what_happened(now=now)
    assert kinds() == ["activated", "failing", "reprovisioned", "recovered"]


def test_a_reminder_of_expiry_is_told_while_the_offer_waits(
    change: Change, source: Source, ada: User, now: datetime
) -> None:
    def remind(hours: int) -> None:
        ExpiryReminder.objects.create(source=source, offer=offer, hours=hours, expires_at=now, at=now)

    offer = change("none", "pending")
    Source.objects.filter(pk=source.pk).update(observed="pending")
    remind(72)
    assert [notice_what_happened(now=now) for _ in range(2)] == [1, 0]
    assert told(ada) == [("expiring", "email"), ("expiring", "list")]
    Source.objects.filter(pk=source.pk).update(observed="active")
    remind(24)
    assert notice_what_happened(now=now) == 0


def test_nobody_is_told_twice_whatever_is_read_again(change: Change, ada: User, now: datetime) -> None:
    change("pending", "active")
    assert [notice_what_happened(now=now) for _ in range(3)] == [1, 0, 0]
    Progress.objects.update(seen=0)
    assert notice_what_happened(now=now + timedelta(days=1)) == 0
    assert len(told(ada)) == 2


def test_a_row_that_was_committed_late_with_a_lower_id_is_still_found(
    change: Change, now: datetime, source: Source
) -> None:
    """Its id was taken first, its transaction ended last."""
    late = SourceChange(source=source, at=now, cause="aws", field="observed", before="active", after="pending")
    first = change("pending", "active")
    late.pk = first.pk
    SourceChange.objects.filter(pk=first.pk).delete()
    change("pending", "active")
    notice_what_happened(now=now)
    late.save(force_insert=True)
    assert notice_what_happened(now=now + timedelta(minutes=1)) == 1


def test_what_is_old_enough_is_not_read_again(change: Change, now: datetime) -> None:
    last = change("pending", "active").pk
    notice_what_happened(now=now)
    assert not Progress.objects.filter(pk="source_changes", seen__gte=last).exists()
    notice_what_happened(now=now + timedelta(minutes=6))
    assert Progress.objects.get(pk="source_changes").seen == last


def test_another_tenants_people_hear_nothing(change: Change, environment: Environment, now: datetime) -> None:
    birch = put_tenant(directory=environment.directory, external_id="birch", name="Birch", actor=SYSTEM, now=now)[0]
    bob, gone = User.objects.create_user("bob@birch.example"), User.objects.create_user("gone@alder.example")
    Membership.objects.create(user=bob, tenant=birch, role="admin")
    Membership.objects.create(user=gone, tenant=Tenant.objects.get(external_id="alder"), role="admin")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    change("pending", "active")
    notice_what_happened(now=now)
    assert Message.objects.count() == 0


@pytest.mark.parametrize("role", ["operations", "support", "manager"])
@pytest.mark.parametrize("kind", [Kind.ACTIVATED, Kind.EXPIRED])
def test_staff_hear_by_role_and_are_mailed_where_it_is_urgent(
    role: str, kind: Kind, change: Change, now: datetime
) -> None:
    person = User.objects.create_user(f"{role}@example.com", staff_role=role)
    change("pending", "active") if kind == Kind.ACTIVATED else change("pending", "none", cause="expiry")
    notice_what_happened(now=now)
    expected = [(kind.value, "list")] if role in AUDIENCES[kind].roles else []
    mailed = [(kind.value, "email")] if expected and AUDIENCES[kind].mails_staff else []
    assert told(person) == mailed + expected


def test_a_person_gets_what_they_chose(change: Change, ada: User, now: datetime) -> None:
    choose(user=ada, wanted={Kind.ACTIVATED: Wants(email=False, list=True)}, actor=SYSTEM, now=now)
    change("pending", "active")
    change("active", "pending")
    notice_what_happened(now=now)
    assert told(ada) == [("activated", "list"), ("failing", "email"), ("failing", "list")]


def test_a_breaker_is_told_to_staff_alone_once_and_its_end_too(
    environment: Environment, source: Source, ada: User, now: datetime
) -> None:
    ops = User.objects.create_user("ops@example.com", staff_role="operations")
    breaker = Breaker.objects.create(
        environment=environment, region="eu-west-1", opened_at=now, retry_at=now, code="ExpiredToken"
    )
    assert notice_what_happened(now=now + timedelta(minutes=1)) == 0  # a probe may end it by itself
    assert [notice_what_happened(now=now + timedelta(minutes=minutes)) for minutes in (6, 7, 60)] == [1, 0, 0]
    breaker.delete()
    assert notice_what_happened(now=now + timedelta(minutes=61)) == 1
    assert kinds() == ["failing", "recovered"]
    assert told(ada) == []
    assert len(told(ops)) == 4


def test_a_trouble_that_comes_back_soon_is_the_same_one(environment: Environment, now: datetime) -> None:
    def trouble(at: datetime) -> int:
        breaker = Breaker.objects.create(
            environment=environment,
            region="eu-west-1",
            opened_at=at - timedelta(hours=1),
            retry_at=at,
            code="Throttling",
        )
        found = notice_what_happened(now=at)
        breaker.delete()
        notice_what_happened(now=at)
        return found

    assert trouble(now) == 1
    assert trouble(now + timedelta(hours=1)) == 0
    assert trouble(now + timedelta(hours=1) + QUIET * 2) == 1


def test_events_held_for_an_hour_are_told(source: Source, ada: User, store: None, now: datetime) -> None:
    change_gate(source, observed="pending")
    with connection.cursor() as cursor:
        cursor.execute("insert into pending select %s, uuidv7(interval '-30 minutes')", [source.pk])
        assert notice_what_happened(now=now) == 0
        cursor.execute("insert into pending select %s, uuidv7(interval '-2 hours')", [source.pk])
    assert [notice_what_happened(now=now) for _ in range(2)] == [1, 0]
    assert ("held", "email") in told(ada)
    change_gate(source, observed="active")
    notice_what_happened(now=now)
    assert Notice.objects.get().ended_at == now


def test_more_held_sources_than_one_sweep_tells_of_are_all_told_and_none_is_ended(
    make_source: Callable[..., Source], tenant: Tenant, store: None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(troubles, "MOST_SOURCES", 2)
    held = [make_source(tenant, label=label, observed="pending").pk for label in "abcde"]
    with connection.cursor() as cursor:
        cursor.execute("insert into pending select unnest(%s), uuidv7(interval '-2 hours')", [held])
    assert [notice_what_happened(now=now) for _ in range(4)] == [2, 2, 1, 0]
    assert set(Notice.objects.filter(ended_at=None).values_list("source_id", flat=True)) == set(held)


def test_dead_letters_of_a_tenant_without_a_source_are_told_by_its_name(
    tenant: Tenant, store: None, now: datetime
) -> None:
    reserve = reserve_for(tenant_id=tenant.pk)
    assert reserve is not None
    bury(reserve, 1)
    notice_what_happened(now=now)
    words = texts.told(Notice.objects.get(), User(email="a@example.com", staff_role="support"))
    assert words.title == "Events could not be delivered: Alder"
    assert "Alder, which has no source yet," in words.text
    assert words.url.endswith(f"/operators/events?state=dead&source={reserve.public_id}")


def test_dead_letters_are_told_and_their_end_is_no_news(source: Source, ada: User, store: None, now: datetime) -> None:
    bury(source, 3)
    assert [notice_what_happened(now=now) for _ in range(2)] == [1, 0]
    assert ("failing", "email") in told(ada)
    with connection.cursor() as cursor:
        cursor.execute("delete from dead")
    assert notice_what_happened(now=now) == 0


def test_a_stage_is_overdue_once_for_each_date(environment: Environment, now: datetime) -> None:
    manager = User.objects.create_user("manager@example.com", staff_role="manager")
    Profile.objects.create(integration=environment.integration, lead=manager)
    late = {"state": "doing", "due_on": date(2020, 1, 1), "opened_at": now}
    Stage.objects.update_or_create(integration=environment.integration, number=1, defaults=late)
    assert [notice_what_happened(now=now) for _ in range(2)] == [1, 0]
    assert told(manager) == [("overdue", "email"), ("overdue", "list")]
    Stage.objects.update(due_on=date(2020, 2, 1))
    assert notice_what_happened(now=now) == 1


def test_a_proof_that_no_longer_holds_is_told_once_each_time(environment: Environment, now: datetime) -> None:
    manager = User.objects.create_user("manager@example.com", staff_role="manager")
    Profile.objects.create(integration=environment.integration, lead=manager)
    stage = Stage.objects.create(integration=environment.integration, number=1, opened_at=now)
    item = ChecklistItem.objects.create(
        stage=stage, position=1, key="x", title="A rule delivered", owner="tenant", proof="automatic", state="lost"
    )
    for hour in (1, 2):
        ChecklistItem.objects.filter(pk=item.pk).update(lost_at=now - timedelta(hours=hour))
        assert [notice_what_happened(now=now) for _ in range(2)] == [1, 0]
    facts = Notice.objects.order_by("-pk")[0].facts
    assert (facts["title"], facts["person"]) == ("No longer holds: A rule delivered", "manager@example.com")


def test_a_sweep_without_news_costs_the_same_however_much_is_known(
    change: Change, ada: User, now: datetime, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        change("pending", "active")
        change("active", "pending")
    notice_what_happened(now=now)
    with django_assert_max_num_queries(24):
        notice_what_happened(now=now)
