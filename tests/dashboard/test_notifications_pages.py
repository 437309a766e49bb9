"""The pages of notifications: one's own list and choices, and the log of staff."""

from collections.abc import Callable
from datetime import datetime

import pytest

from integrations.notifications.models import Message, Preference
from integrations.notifications.sweep import notice_what_happened
from integrations.sources.models import Source
from tests.dashboard.cast import Cast
from tests.dashboard.pages import ClientOf


@pytest.fixture
def noticed(cast: Cast, make_source: Callable[..., Source], now: datetime) -> None:
    source = make_source(cast.alder)
    source.changes.create(at=now, cause="aws", field="observed", before="pending", after="active")
    notice_what_happened(now=now)


def test_a_person_reads_their_own_and_marks_them_read(noticed: None, client_of: ClientOf) -> None:
    client = client_of("tenant viewer")
    page = client.get("/accounts/notifications").content.decode()
    assert "Connected: Alder, eu-west-1" in page
    assert "Notifications, 1 unread" in page
    client.post("/accounts/notifications/read")
    assert "Notifications, 0 unread" in client.get("/accounts/notifications").content.decode()
    assert Message.objects.filter(channel="list", read_at=None).exists()  # those of others


def test_another_tenants_admin_reads_nothing_of_it(noticed: None, client_of: ClientOf) -> None:
    page = client_of("other tenant's admin").get("/accounts/notifications").content.decode()
    assert "alder" not in page
    assert "Nothing has happened yet" in page


def test_choices_are_stored_for_oneself_and_for_kinds_that_concern_one(
    noticed: None, cast: Cast, client_of: ClientOf
) -> None:
    client = client_of("tenant admin")
    client.post("/accounts/notifications", {"activated-list": "on", "overdue-email": "on"})
    chosen = {each.kind: (each.email, each.list) for each in Preference.objects.all()}
    assert chosen["activated"] == (False, True)
    assert chosen["failing"] == (False, False)
    assert "overdue" not in chosen
    assert set(Preference.objects.values_list("user", flat=True)) == {cast.people["tenant admin"].pk}  # type: ignore[union-attr]


def test_staff_find_messages_by_person_state_and_kind(noticed: None, client_of: ClientOf) -> None:
    client = client_of("support")
    everything = client.get("/operators/notifications").content.decode()
    assert "viewer@alder.example.com" in everything
    assert "Queued" in everything
    filtered = client.get("/operators/notifications?q=viewer&state=sent&kind=activated").content.decode()
    assert filtered.count("<tr>") == 2  # its head and the one of the list
    assert "text/csv" in client.get("/operators/notifications?format=csv")["Content-Type"]


def test_a_mail_is_sent_again_by_those_who_may(noticed: None, client_of: ClientOf) -> None:
    message = Message.objects.filter(channel="email").first()
    assert message
    Message.objects.filter(pk=message.pk).update(state="failed", due_at=None, tries=72)
    path = f"/operators/notifications/{message.public_id}/again"
    assert client_of("manager").post(path).status_code == 403
    message.refresh_from_db()
    assert message.state == "failed"
    assert client_of("support").post(path).status_code == 302
    message.refresh_from_db()
    assert message.state == "queued"
