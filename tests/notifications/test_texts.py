"""Every kind reads as sentences, for staff and for tenants, and tells tenants nothing of the provider's own."""

from datetime import datetime
from html import escape

import pytest

from dashboard.web.notice_tones import TONES
from integrations.notifications.kinds import Kind
from integrations.notifications.models import Notice
from integrations.notifications.texts import mail_of, told
from tenants.models import User

FACTS = {
    "tenant": "Alder", "product": "Shop", "environment": "test", "source": "aws.partner/a/b/c",
    "account": "222222222222",
    "region": "eu-west-1", "source_id": "01890000-0000-7000-8000-000000000000",
    "tenant_id": "01890000-0000-7000-8000-000000000000", "hours": 24, "expires_at": "2026-12-01 10:00 UTC", "stage": 2,
    "due_on": "2026-12-01", "starts": "Tuesday, 01 December 2026, 10:00 Europe/Berlin (09:00 UTC)", "days": 7,
    "integration_id": "01890000-0000-7000-8000-000000000000",
}  # fmt: skip
BREAKER = {
    "product": "Shop", "environment": "test", "region": "eu-west-1", "code": "ExpiredToken",
    "explanation": "AWS refuses our credentials.",
}  # fmt: skip


def notice(kind: Kind, facts: dict[str, object], now: datetime) -> Notice:
    return Notice(kind=kind, cause="x", at=now, facts=facts)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("role", ["", "support"])
def test_every_kind_has_a_title_and_a_sentence(kind: Kind, role: str, now: datetime) -> None:
    for facts in [FACTS, FACTS | {"dead_letters": True}]:
        reader = User(email="a@example.com", staff_role=role)
        words = told(notice(kind, facts, now), reader)
        assert len(words.title) > 15
        assert words.text.endswith(".")
        assert "None" not in words.text + words.title
        assert words.url.startswith("http")
        mail = mail_of(reader, [notice(kind, facts, now)])
        assert words.text in mail.body
        assert escape(words.url) in str(mail.alternatives[0].content)


def test_every_kind_has_a_tone() -> None:
    assert TONES.keys() == set(Kind)


@pytest.mark.parametrize("kind", [Kind.FAILING, Kind.RECOVERED])
def test_a_breaker_reads_for_staff(kind: Kind, now: datetime) -> None:
    words = told(notice(kind, BREAKER, now), User(email="a@example.com", staff_role="operations"))
    assert "Shop (test) in eu-west-1" in words.title
    assert ("ExpiredToken" in words.text) == (kind == Kind.FAILING)


def test_a_subject_is_one_line_whatever_a_name_holds(now: datetime) -> None:
    facts = FACTS | {"tenant": "Alder\r\nBcc: everybody@example.com"}
    mail = mail_of(User(email="a@example.com"), [notice(Kind.ACTIVATED, facts, now)])
    assert "\n" not in mail.subject
