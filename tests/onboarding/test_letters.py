"""Letters: drafted, sent through a real mail server, repeated, refused, answered."""

from datetime import date, timedelta
from typing import Any

import pytest

from integrations.onboarding.attachments import add_attachment
from integrations.onboarding.business_days import after_business_days
from integrations.onboarding.letters import (
    change_letter,
    discard_letter,
    draft_letter,
    queue_letter,
    record_answer,
    record_sent_by_hand,
    withdraw_letter,
)
from integrations.onboarding.models import Answer, Letter, TimelineEntry
from integrations.onboarding.proofs.finding import Facts
from integrations.onboarding.proofs.records import request_sent
from integrations.onboarding.sending import due_letters, send_due_letters
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor
from tests.onboarding.conftest import NOW
from tests.onboarding.mail_server import MailServer

SUBJECT = "Prüfung - 日本語 EventBridge"
BODY = "Guten Tag,\n\n.a line that begins with a dot\nGrüße aus Łódź\n"


def draft(integration: Integration, manager: Actor, **changes: Any) -> Letter:
    fields = {"stage": 1, "kind": Letter.Kind.REQUEST, "subject": SUBJECT, "body": BODY}
    return draft_letter(integration=integration, actor=manager, now=NOW, **(fields | changes))


def send(now: Any = NOW) -> int:
    return send_due_letters(clock=lambda: now)


def changed(letter: Letter, version: int, manager: Actor, **changes: Any) -> Letter:
    fields = {"to": letter.to, "cc": letter.cc, "reply_to": "", "subject": letter.subject, "body": letter.body}
    return change_letter(letter=letter, version=version, actor=manager, now=NOW, **(fields | changes))


def test_a_letter_arrives_as_it_was_written(integration: Integration, manager: Actor, mail_server: MailServer) -> None:
    diagram = add_attachment(integration=integration, name="Übersicht.svg", content=b"<svg/>", actor=manager, now=NOW)
    letter = draft(integration, manager, cc=["boss@example.com"], reply_to="manager@example.com", attachments=[diagram])
    queue_letter(letter=letter, version=1, actor=manager, now=NOW)

    assert send() == 1

    message = mail_server.messages[0]
    assert message["Subject"] == SUBJECT
    assert message.get_body().get_content().replace("\r\n", "\n") == BODY
    assert (message["To"], message["Reply-To"]) == ("eventbridge-partners@amazon.com", "manager@example.com")
    assert mail_server.recipients == [["eventbridge-partners@amazon.com", "boss@example.com"]]
    enclosure = next(message.iter_attachments())
    assert (enclosure.get_filename(), enclosure.get_content()) == ("Übersicht.svg", b"<svg/>")
    letter.refresh_from_db()
    assert (letter.state, letter.sent_at, letter.message_id) == ("sent", NOW, message["Message-ID"])
    assert letter.answer_expected_on == date(2026, 3, 5)
    assert TimelineEntry.objects.get(kind="sent").title == f"Letter sent: {SUBJECT}"
    assert not due_letters(NOW + timedelta(days=9)).exists()


def test_a_letter_waits_for_a_mail_server_that_is_down(
    integration: Integration, manager: Actor, mail_server: MailServer, settings: Any
) -> None:
    letter = draft(integration, manager)
    queue_letter(letter=letter, version=1, actor=manager, now=NOW)
    settings.EMAIL_PORT = 1
    assert send() == 1
    letter.refresh_from_db()
    assert (letter.state, letter.tries, letter.due_at) == ("queued", 1, NOW + timedelta(minutes=1))
    assert "cannot be reached" in letter.failure
    assert send() == 0

    settings.EMAIL_PORT = mail_server.port
    assert send(NOW + timedelta(minutes=1)) == 1
    letter.refresh_from_db()
    assert (letter.state, letter.failure) == ("sent", "")


@pytest.mark.parametrize(
    ("command", "answer", "state"),
    [
        ("RCPT", "550 no such user here", "failed"),
        ("RCPT", "450 try again later", "queued"),
        ("DATA", "554 looks like spam", "failed"),
        ("MAIL", "553 sender not allowed", "failed"),
        ("MAIL", "421 too busy", "queued"),
    ],
)
def test_a_refusal_for_ever_ends_the_tries_and_another_does_not(
    integration: Integration, manager: Actor, mail_server: MailServer, command: str, answer: str, state: str
) -> None:
    mail_server.refusals[command] = answer
    letter = draft(integration, manager)
    queue_letter(letter=letter, version=1, actor=manager, now=NOW)
    send()
    letter.refresh_from_db()
    assert letter.state == state
    assert answer[4:] in letter.failure
    assert answer[4:] in TimelineEntry.objects.get(kind="failed").text

    mail_server.refusals.clear()
    queue_letter(letter=letter, version=letter.version, actor=manager, now=NOW)
    send(NOW + timedelta(minutes=2))
    letter.refresh_from_db()
    assert letter.state == "sent"


def test_a_sender_that_died_leaves_a_letter_that_is_sent_again_under_the_same_id(
    integration: Integration, manager: Actor, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = draft(integration, manager)
    queue_letter(letter=letter, version=1, actor=manager, now=NOW)
    with monkeypatch.context() as killed:
        killed.setattr("integrations.onboarding.sending._succeed", lambda *_: None)
        send()
    assert send(NOW + timedelta(minutes=1)) == 0
    assert send(NOW + timedelta(minutes=5)) == 1
    first, second = mail_server.messages
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize(
    "bad",
    [
        {"subject": "Hello\r\nBcc: victim@example.com"},
        {"subject": "Hello\nthere"},
        {"subject": "  "},
        {"to": "aws"},
        {"to": "a@example.com\nBcc: b@example.com"},
        {"cc": ["a@example.com, b@example.com"]},
        {"reply_to": "x\r\ny@example.com"},
        {"body": " "},
        {"body": "a\0b"},
    ],
)
def test_nothing_that_could_add_a_header_is_taken(
    integration: Integration, manager: Actor, bad: dict[str, Any]
) -> None:
    with pytest.raises(Problem) as refusal:
        draft(integration, manager, **bad)
    assert refusal.value.code == "letter_invalid"


def test_of_two_editors_the_second_is_told(integration: Integration, manager: Actor) -> None:
    letter = draft(integration, manager)
    changed(letter, 1, manager, body="The first text")
    with pytest.raises(Problem) as refusal:
        changed(letter, 1, manager, body="The second text")
    assert refusal.value.code == "changed_meanwhile"
    letter.refresh_from_db()
    assert letter.body == "The first text"


def test_what_is_queued_cannot_be_changed_and_can_be_taken_back(integration: Integration, manager: Actor) -> None:
    letter = draft(integration, manager)
    queue_letter(letter=letter, version=1, actor=manager, now=NOW)
    with pytest.raises(Problem, match="stays as it is"):
        changed(letter, 2, manager, body="Other")
    withdraw_letter(letter=letter, actor=manager, now=NOW)
    changed(letter, 3, manager, body="Other")
    discard_letter(letter=letter, actor=manager, now=NOW)
    discard_letter(letter=letter, actor=manager, now=NOW)
    assert not Letter.objects.exists()


def test_a_letter_on_its_way_or_sent_cannot_be_taken_back(
    integration: Integration, manager: Actor, mail_server: MailServer
) -> None:
    letter = draft(integration, manager)
    queue_letter(letter=letter, version=1, actor=manager, now=NOW)
    Letter.objects.update(due_at=NOW + timedelta(minutes=5))  # claimed
    with pytest.raises(Problem, match="on its way"):
        withdraw_letter(letter=letter, actor=manager, now=NOW)
    send(NOW + timedelta(minutes=5))
    with pytest.raises(Problem, match="on its way"):
        withdraw_letter(letter=letter, actor=manager, now=NOW + timedelta(minutes=6))


def test_a_letter_sent_with_a_mail_client_is_kept_like_the_others(integration: Integration, manager: Actor) -> None:
    letter = draft(integration, manager)
    with pytest.raises(Problem, match="still to come"):
        record_sent_by_hand(letter=letter, version=1, sent_at=NOW + timedelta(days=1), actor=manager, now=NOW)
    for _ in range(2):
        record_sent_by_hand(letter=letter, version=1, sent_at=NOW, actor=manager, now=NOW)
    letter.refresh_from_db()
    assert (letter.state, letter.sent_way, letter.sent_by) == ("sent", "by_hand", "manager@example.com")
    assert TimelineEntry.objects.filter(kind="sent").count() == 1


def test_an_answer_stands_beside_its_letter(integration: Integration, manager: Actor) -> None:
    letter = draft(integration, manager)
    answer = {"sender": "Ana <ana@amazon.com>", "text": "Enabled - 日本", "actor": manager, "now": NOW}
    with pytest.raises(Problem, match="Send the letter"):
        record_answer(letter=letter, received_at=NOW, **answer)
    record_sent_by_hand(letter=letter, version=1, sent_at=NOW, actor=manager, now=NOW)
    with pytest.raises(Problem, match="still to come"):
        record_answer(letter=letter, received_at=NOW + timedelta(minutes=1), **answer)
    record_answer(letter=letter, received_at=NOW, **answer)
    assert Answer.objects.get().text == "Enabled - 日本"
    assert TimelineEntry.objects.get(kind="answered").text == "Enabled - 日本"


@pytest.mark.parametrize(
    ("day", "days", "after"),
    [
        (date(2026, 3, 2), 3, date(2026, 3, 5)),
        (date(2026, 3, 5), 3, date(2026, 3, 10)),
        (date(2026, 3, 7), 1, date(2026, 3, 9)),
        (date(2026, 3, 2), 0, date(2026, 3, 2)),
    ],
)
def test_weekends_are_no_business_days(day: date, days: int, after: date) -> None:
    assert after_business_days(day, days) == after


def test_without_a_mail_server_nothing_counts_as_sent_until_a_person_says_so(
    integration: Integration, manager: Actor, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    letter = draft(integration, manager, body="From account 111111111111")
    queue_letter(letter=letter, version=1, actor=manager, now=NOW)
    send()
    letter.refresh_from_db()
    assert (letter.state, letter.sent_at, letter.due_at) == ("failed", None, None)
    assert letter.failure.startswith("There is no mail server (EMAIL_URL)")
    assert "From account" not in capsys.readouterr().out
    facts = Facts(integration, integration.profile, {}, NOW)
    assert not request_sent(facts).holds
    record_sent_by_hand(letter=letter, version=letter.version, sent_at=NOW, actor=manager, now=NOW)
    assert request_sent(facts).holds
