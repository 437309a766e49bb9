from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from tenants.models import PortalSession, Tenant
from tenants.portal_sessions import (
    LINK_LIFE,
    SESSION_LIFE,
    end_session,
    issue_link,
    open_link,
    session_behind,
    sessions_of,
)
from tests.conftest import SYSTEM

MOMENT = timedelta(seconds=1)


def link(tenant: Tenant, now: datetime) -> str:
    return issue_link(tenant=tenant, role="viewer", actor=SYSTEM, now=now)[1]


def test_a_link_opens_once(tenant: Tenant, now: datetime) -> None:
    token = link(tenant, now)
    opened = open_link(token=token, now=now)
    assert opened is not None
    assert open_link(token=token, now=now) is None
    assert session_behind(opened[1], now=now) == opened[0]


def test_a_link_is_over_after_its_minutes(tenant: Tenant, now: datetime) -> None:
    assert open_link(token=link(tenant, now), now=now + LINK_LIFE) is None
    assert open_link(token=link(tenant, now), now=now + LINK_LIFE - MOMENT) is not None


def test_a_session_is_over_after_its_hour_or_when_it_is_ended(tenant: Tenant, now: datetime) -> None:
    opened = open_link(token=link(tenant, now), now=now)
    assert opened
    session, secret = opened
    assert session_behind(secret, now=now + SESSION_LIFE - MOMENT) == session
    assert session_behind(secret, now=now + SESSION_LIFE) is None
    end_session(session=session, actor=SYSTEM, now=now)
    assert session_behind(secret, now=now) is None


def test_the_token_of_a_link_is_no_cookie(tenant: Tenant, now: datetime) -> None:
    token = link(tenant, now)
    open_link(token=token, now=now)
    assert session_behind(token, now=now) is None


@pytest.mark.parametrize("token", ["", "forged", "\ud800"])
def test_nonsense_opens_nothing(tenant: Tenant, now: datetime, token: str) -> None:
    link(tenant, now)
    assert open_link(token=token, now=now) is None
    assert session_behind(token, now=now) is None


def test_a_closed_tenants_links_and_sessions_are_worth_nothing(tenant: Tenant, now: datetime) -> None:
    waiting, opened = link(tenant, now), open_link(token=link(tenant, now), now=now)
    assert opened
    Tenant.objects.filter(pk=tenant.pk).update(closed_at=now)
    assert open_link(token=waiting, now=now) is None
    assert session_behind(opened[1], now=now) is None


def test_what_goes_on_is_listed_and_what_is_over_is_forgotten(tenant: Tenant, now: datetime) -> None:
    link(tenant, now - timedelta(days=31))
    open_link(token=link(tenant, now), now=now)
    link(tenant, now)
    assert sessions_of(tenant, now=now).count() == 2
    assert PortalSession.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_many_who_come_with_one_link_at_once_one_gets_in(tenant: Tenant, now: datetime) -> None:
    token = link(tenant, now)

    def come(_: int) -> bool:
        try:
            return open_link(token=token, now=now) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as crowd:
        assert sorted(crowd.map(come, range(4))) == [False, False, False, True]
