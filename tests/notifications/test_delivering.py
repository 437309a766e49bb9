"""E-mails go out through a real mail server: together, again when it was away, and twice only in the one bad moment."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.notifications import delivering
from integrations.notifications.choosing import list_of, send_again, unread_of
from integrations.notifications.delivering import CLAIM, MOST_TRIES, claim, send_due
from integrations.notifications.models import Message, Notice
from integrations.notifications.sweep import notice_what_happened
from integrations.onboarding.models import ChecklistItem, Profile, Stage
from integrations.problems import Problem
from integrations.registration.models import Environment
from integrations.sources.models import SourceChange
from tenants.models import AuditEntry, User
from tests.conftest import SYSTEM
from tests.notifications.mail_server import MailServer, text_of

Change = Callable[..., SourceChange]


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def email() -> Message:
    return Message.objects.get(channel="email")


@pytest.fixture
def noticed(change: Change, ada: User, now: datetime, mail_server: MailServer) -> None:
    change("pending", "active")
    notice_what_happened(now=now)


def test_a_mail_says_what_happened_in_text_and_html_and_leads_there(
    noticed: None, mail_server: MailServer, now: datetime, settings: Any
) -> None:
    assert send_due(clock=timezone.now) == 1
    (mail,) = mail_server.mails
    assert mail["To"] == "ada@alder.example"
    assert mail["Subject"] == "Connected: Alder, eu-west-1"
    for kind in ("plain", "html"):
        assert "AWS says ACTIVE" in text_of(mail, kind)
        assert f"{settings.PUBLIC_URL}/portal/" in text_of(mail, kind)
    assert (email().state, email().tries, email().due_at) == ("sent", 1, None)
    assert send_due(clock=timezone.now) == 0


def test_what_comes_together_goes_out_as_one_mail_for_each_person(
    noticed: None, change: Change, mail_server: MailServer, now: datetime
) -> None:
    User.objects.create_user("support@example.com", staff_role="support")
    change("active", "pending")
    change("pending", "none", cause="expiry")
    notice_what_happened(now=now)
    send_due(clock=timezone.now)
    assert sorted(mail_server.sent_to) == ["ada@alder.example", "support@example.com"]
    (hers,) = [mail for mail in mail_server.mails if mail["To"] == "ada@alder.example"]
    assert hers["Subject"] == "3 things happened to your sources"
    assert "Not attached any more" in text_of(hers)
    assert not Message.objects.filter(channel="email").exclude(state="sent").exists()


def test_a_mail_server_that_is_away_loses_nothing_and_is_seen(
    noticed: None, mail_server: MailServer, now: datetime
) -> None:
    mail_server.stop()
    try:
        assert send_due(clock=at(now)) == 0
        waiting = email()
        assert (waiting.state, waiting.tries) == ("queued", 1)
        assert "cannot be reached" in waiting.error
        assert waiting.due_at is not None
        assert waiting.due_at > now
        assert send_due(clock=at(now)) == 0  # not before its time
        assert email().tries == 1
    finally:
        mail_server.start()
    assert send_due(clock=at(waiting.due_at)) == 1
    assert (email().state, email().error) == ("sent", "")


def test_pauses_grow_and_in_the_end_somebody_has_to_look(noticed: None, mail_server: MailServer, now: datetime) -> None:
    mail_server.stop()
    try:
        moment, pauses = now, []
        for _ in range(8):
            send_due(clock=at(moment))
            due = email().due_at
            assert due is not None
            pauses.append(due - moment)
            moment = due
        assert pauses == sorted(pauses)
        assert pauses[-1] == timedelta(hours=1)
        Message.objects.update(tries=MOST_TRIES - 1)
        send_due(clock=at(moment))
        assert (email().state, email().due_at) == ("failed", None)
    finally:
        mail_server.start()


def test_an_address_that_is_refused_is_given_up_and_holds_up_nobody(
    noticed: None, change: Change, mail_server: MailServer, now: datetime
) -> None:
    mail_server.refuses.add("ada@alder.example")
    User.objects.create_user("support@example.com", staff_role="support")
    change("active", "pending")
    notice_what_happened(now=now)
    send_due(clock=timezone.now)
    assert mail_server.sent_to == ["support@example.com"]
    refused = Message.objects.filter(channel="email", user__email="ada@alder.example")
    assert {message.state for message in refused} == {"failed"}
    assert all("550" in message.error for message in refused)


def test_two_senders_at_once_never_take_the_same_mail(noticed: None, now: datetime) -> None:
    assert len(claim(now)) == 1
    assert claim(now) == []


def test_killed_before_the_mail_server_nothing_is_lost(noticed: None, mail_server: MailServer, now: datetime) -> None:
    claim(now)  # and killed
    assert send_due(clock=at(now)) == 0
    assert send_due(clock=at(now + CLAIM)) == 1
    assert len(mail_server.mails) == 1


def test_killed_after_the_mail_server_it_comes_twice_under_one_id(
    noticed: None, mail_server: MailServer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(delivering, "_record", die)
    with pytest.raises(Killed):
        send_due(clock=at(now))
    monkeypatch.undo()
    send_due(clock=at(now + CLAIM))
    first, second = mail_server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert email().state == "sent"


def test_a_notice_that_cannot_be_written_holds_up_nobody_else(
    noticed: None, mail_server: MailServer, change: Change, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    Notice.objects.update(kind="nonsense")
    User.objects.create_user("support@example.com", staff_role="support")
    change("active", "none")
    notice_what_happened(now=now)
    Message.objects.filter(channel="email", user__email="ada@alder.example", notice__kind="expired").delete()
    send_due(clock=timezone.now)
    assert mail_server.sent_to == ["support@example.com"]
    assert "could not be written" in Message.objects.get(channel="email", notice__kind="nonsense").error


def test_somebody_who_was_switched_off_is_not_mailed(noticed: None, mail_server: MailServer, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    send_due(clock=timezone.now)
    assert (mail_server.mails, email().state) == ([], "failed")


def test_somebody_who_is_no_member_any_more_is_told_nothing_of_the_tenant(
    noticed: None, mail_server: MailServer, ada: User
) -> None:
    assert unread_of(ada) == list_of(ada).count() > 0
    ada.memberships.all().delete()
    send_due(clock=timezone.now)
    assert mail_server.mails == []
    assert (unread_of(ada), list_of(ada).count()) == (0, 0)
    assert {message.state for message in Message.objects.filter(user=ada, channel="email")} == {"failed"}


def test_a_mail_can_be_sent_again_which_is_audited(noticed: None, mail_server: MailServer, now: datetime) -> None:
    with pytest.raises(Problem, match="waits to be sent already"):
        send_again(message=email(), actor=SYSTEM, now=now)
    send_due(clock=timezone.now)
    send_again(message=email(), actor=SYSTEM, now=now)
    send_due(clock=timezone.now)
    assert len(mail_server.mails) == 2
    assert AuditEntry.objects.filter(action="notification:send_again").count() == 1
    with pytest.raises(Problem, match="only e-mails"):
        send_again(message=Message.objects.get(channel="list"), actor=SYSTEM, now=now)


def test_names_are_escaped_in_html_and_plain_in_text(
    change: Change, ada: User, mail_server: MailServer, now: datetime
) -> None:
    ada.memberships.get().tenant.__class__.objects.update(name="A <b>& Co")
    change("pending", "active")
    notice_what_happened(now=now)
    send_due(clock=timezone.now)
    (mail,) = mail_server.mails
    assert "A <b>& Co" in text_of(mail)
    assert "A &lt;b&gt;&amp; Co" in text_of(mail, "html")


def test_a_stage_that_is_overdue_is_mailed_to_its_manager_and_to_whom_its_work_is_assigned(
    environment: Environment, mail_server: MailServer, now: datetime, settings: Any
) -> None:
    lead, assignee, _ = (
        User.objects.create_user(f"{role}@example.com", staff_role=role)
        for role in ("manager", "operations", "support")
    )
    integration = environment.integration
    Profile.objects.create(integration=integration, lead=lead)
    late = {"due_on": date(2020, 1, 1), "opened_at": now}
    stage, _ = Stage.objects.update_or_create(integration=integration, number=1, defaults=late)
    ChecklistItem.objects.create(
        stage=stage, position=1, key="x", title="The domain is ours", owner="provider", proof="manual",
        due_on=date(2020, 1, 2), assignee=assignee,
    )  # fmt: skip
    notice_what_happened(now=now)
    send_due(clock=timezone.now)
    assert sorted(mail_server.sent_to) == [lead.email, assignee.email]
    for mail in mail_server.mails:
        text = " ".join(text_of(mail, "plain").split())
        assert "Stage 1 of Shop with AWS was due on 2020-01-01 and is not done. It is with manager@example.com." in text
        assert "Overdue: The domain is ours. It was due on 2020-01-02. It is with operations@example.com." in text
        assert f"{settings.PUBLIC_URL}/onboarding/integrations/{integration.public_id}" in text
