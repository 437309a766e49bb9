"""Writing into the outbox: with the caller's transaction, and exactly what was meant."""

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.test import Client as Browser

from partnerbus_client import Event
from partnerbus_client.outbox import OutsideTransaction, enqueue, enqueue_many
from partnerbus_client.outbox.models import OutboxEvent


@pytest.mark.django_db(transaction=True)
def test_an_event_is_stored_with_the_change_that_it_reports() -> None:
    with transaction.atomic():
        User.objects.create(username="ada")
        row = enqueue(tenant="alder", type="user.created", detail={"name": "ada"})
    assert OutboxEvent.objects.waiting().get() == row
    assert row.to_event().body == OutboxEvent.objects.get().to_event().body


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_leaves_no_event() -> None:
    with transaction.atomic():
        enqueue(tenant="alder", type="user.created", detail={})
        transaction.set_rollback(True)
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_it_is_refused_unless_that_is_meant() -> None:
    with pytest.raises(OutsideTransaction, match=r"transaction\.atomic"):
        enqueue(tenant="alder", type="user.created", detail={})
    enqueue(tenant="alder", type="user.created", detail={}, autocommit=True)
    assert OutboxEvent.objects.count() == 1


@pytest.mark.django_db
def test_the_detail_stays_exact() -> None:
    text = '{ "z": 1.10, "a": 123456789012345678901234567890, "nul": "\\u0000", "ä": "\U0001f600" }'
    enqueue(tenant="alder", type="a", detail=text)
    enqueue(tenant="alder", type="a", detail={"total": Decimal("12.50")})
    exact, decimal = OutboxEvent.objects.order_by("id")
    assert (exact.detail, decimal.detail) == (text, '{"total":12.50}')
    assert exact.to_event().detail == text


@pytest.mark.django_db
def test_the_event_is_of_the_moment_when_it_was_enqueued() -> None:
    before = datetime.now(timezone.utc)
    row = enqueue(tenant="alder", type="a", detail={})
    assert before <= datetime.fromisoformat(row.time) <= datetime.now(timezone.utc)
    then = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)
    assert enqueue(tenant="alder", type="a", detail={}, time=then).to_event().time == then


@pytest.mark.django_db
def test_many_are_stored_by_few_statements(django_assert_max_num_queries: Callable[[int], Any]) -> None:
    events = [Event("alder", "a", {"n": n}, id=f"e{n}", resources=["urn:x"]) for n in range(1_200)]
    with django_assert_max_num_queries(40):  # SQLite takes few values at once
        enqueue_many(events)
    rows = OutboxEvent.objects.order_by("id")
    assert [row.event_id for row in rows] == [event.id for event in events]
    assert rows[7].to_event().resources == ("urn:x",)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mistake", "error"),
    [
        ({"tenant": 42}, TypeError),
        ({"type": ""}, ValueError),
        ({"detail": "[]"}, ValueError),
        ({"id": "has space"}, ValueError),
        ({"detail": {"half": "\ud800"}}, ValueError),
    ],
)
def test_what_partnerbus_would_reject_is_refused_in_the_callers_own_transaction(
    mistake: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        enqueue(**{"tenant": "alder", "type": "a", "detail": {}, **mistake})  # type: ignore[arg-type]
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db
def test_the_migrations_are_complete() -> None:
    said = StringIO()
    call_command("makemigrations", "partnerbus_outbox", check=True, dry_run=True, stdout=said)
    assert "No changes" in said.getvalue()


@pytest.mark.django_db
def test_the_admin_shows_the_outbox_and_sends_dead_events_again(admin_client: Browser) -> None:
    row = enqueue(tenant="alder", type="order.created", detail={"total": 1}, id="order-1")
    OutboxEvent.objects.update(dead_at=row.created_at, code="tenant_unknown")
    assert b"tenant_unknown" in admin_client.get("/admin/partnerbus_outbox/outboxevent/").content
    assert b"order-1" in admin_client.get(f"/admin/partnerbus_outbox/outboxevent/{row.pk}/change/").content
    admin_client.post(
        "/admin/partnerbus_outbox/outboxevent/", {"action": "send_again", "_selected_action": [str(row.pk)]}
    )
    assert OutboxEvent.objects.waiting().get().code == ""
