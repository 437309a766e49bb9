"""Hand-off links: made, opened, revoked, each with its audit line; found by nobody who does not hold the token."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from integrations.problems import Problem
from integrations.sources.handoff import MOST_OPEN, create_link, link_behind, note_opened, open_links, revoke_link
from integrations.sources.models import HandOffLink, Source
from tenants.models import AuditEntry, Tenant
from tests.conftest import SYSTEM

MakeSource = Callable[..., Source]


@pytest.fixture
def source(make_source: MakeSource, tenant: Tenant) -> Source:
    return make_source(tenant, observed="pending")


def actions() -> list[str]:
    return list(AuditEntry.objects.filter(object_type="hand_off_link").order_by("pk").values_list("action", flat=True))


def make(source: Source, now: datetime) -> tuple[HandOffLink, str]:
    return create_link(source=source, actor=SYSTEM, now=now)


def test_only_the_token_finds_the_link_and_it_is_stored_nowhere(source: Source, now: datetime) -> None:
    link, token = make(source, now)
    found = link_behind(token)
    assert found == link
    assert link_behind(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert token not in str(list(HandOffLink.objects.values())) + str(list(AuditEntry.objects.values()))


def test_it_lasts_as_many_days_as_the_setting_says(source: Source, now: datetime, settings: Any) -> None:
    settings.HAND_OFF_DAYS = 3
    link, _ = make(source, now)
    assert link.expires_at == now + timedelta(days=3)
    assert list(open_links(source, now=now + timedelta(days=2))) == [link]
    assert list(open_links(source, now=now + timedelta(days=3))) == []


def test_revoking_ends_it_at_once_and_twice_is_once(source: Source, now: datetime) -> None:
    link, token = make(source, now)
    revoke_link(link=link, actor=SYSTEM, now=now)
    revoke_link(link=link, actor=SYSTEM, now=now)
    assert link_behind(token) is None
    assert actions() == ["hand_off_link:create", "hand_off_link:revoke"]


def test_the_first_opening_is_audited_and_no_other(source: Source, now: datetime) -> None:
    link, token = make(source, now)
    stale = link_behind(token)
    assert stale is not None
    note_opened(link=link, now=now)
    note_opened(link=stale, now=now + timedelta(minutes=1))
    link.refresh_from_db()
    assert link.opened_at == now
    assert actions() == ["hand_off_link:create", "hand_off_link:open"]


@pytest.mark.parametrize("change", ["tenant closed", "source deleted"])
def test_it_ends_with_what_it_shows(change: str, source: Source, tenant: Tenant, now: datetime) -> None:
    _, token = make(source, now)
    if change == "tenant closed":
        Tenant.objects.filter(pk=tenant.pk).update(closed_at=now)
    else:
        Source.objects.filter(pk=source.pk).update(desired="absent")
    assert link_behind(token) is None
    with pytest.raises(Problem) as refused:
        make(source, now)
    assert refused.value.code in ("tenant_closed", "source_not_offered")


def test_a_source_has_no_more_links_than_somebody_can_oversee(source: Source, now: datetime) -> None:
    for _ in range(MOST_OPEN):
        make(source, now)
    with pytest.raises(Problem) as refused:
        make(source, now)
    assert refused.value.code == "too_many_links"
    later = now + timedelta(days=200)
    make(source, later)
    assert HandOffLink.objects.count() == 1  # what has long been over went with it
