from collections.abc import Callable
from datetime import datetime

import pytest

from integrations.problems import Problem
from integrations.sources.closing import close_tenant
from integrations.sources.creation import create_source
from integrations.sources.models import Desired, Lane, Source
from integrations.sources.reserve import reserve_for
from tenants.invitations import invite
from tenants.models import AuditEntry, Invitation, Membership, PortalSession, Tenant, User
from tenants.portal_sessions import issue_link
from tests.conftest import SYSTEM

MakeSource = Callable[..., Source]


@pytest.fixture
def birch(tenant: Tenant) -> Tenant:
    return Tenant.objects.create(directory=tenant.directory, external_id="birch", name="Birch", slug="birch")


def with_people(tenant: Tenant, now: datetime) -> None:
    person = User.objects.create_user(f"{tenant.external_id}@example.com")
    Membership.objects.create(user=person, tenant=tenant, role="admin")
    invite(tenant=tenant, email="ada@example.com", role="viewer", actor=SYSTEM, now=now)
    issue_link(tenant=tenant, role="viewer", actor=SYSTEM, now=now)


def test_closing_takes_sources_and_access_from_this_tenant_alone(
    tenant: Tenant, birch: Tenant, make_source: MakeSource, now: datetime
) -> None:
    for each in (tenant, birch):
        make_source(each)
        make_source(each, label="orders")
        with_people(each, now)
    close_tenant(tenant=tenant, actor=SYSTEM, now=now)
    assert set(Source.objects.filter(tenant=tenant).values_list("desired", "due_at")) == {(Desired.ABSENT, now)}
    assert not Lane.objects.filter(source__tenant=tenant, publishable=True).exists()
    assert not Lane.objects.filter(source__tenant=tenant, drops_since=None).exists()
    assert not Membership.objects.filter(tenant=tenant).exists()
    assert Invitation.objects.get(tenant=tenant).revoked_at == now
    assert PortalSession.objects.get(tenant=tenant).ended_at == now
    assert set(Source.objects.filter(tenant=birch).values_list("desired", flat=True)) == {Desired.PRESENT}
    assert Lane.objects.filter(source__tenant=birch, publishable=True, drops_since=None).count() == 2
    assert Membership.objects.filter(tenant=birch).count() == 1
    assert Invitation.objects.get(tenant=birch).revoked_at is None
    line = AuditEntry.objects.get(action="tenant:close")
    assert line.after == {"sources": 2, "memberships": 1, "invitations": 1, "portal_sessions": 1}
    assert AuditEntry.objects.filter(action="source:delete").count() == 2


def test_closing_again_changes_nothing(tenant: Tenant, make_source: MakeSource, now: datetime) -> None:
    make_source(tenant)
    close_tenant(tenant=tenant, actor=SYSTEM, now=now)
    lines = AuditEntry.objects.count()
    close_tenant(tenant=tenant, actor=SYSTEM, now=now)
    assert AuditEntry.objects.count() == lines


def test_what_waits_in_the_reserve_is_given_up_too(tenant: Tenant, now: datetime) -> None:
    reserve = reserve_for(tenant_id=tenant.pk)
    assert reserve
    close_tenant(tenant=tenant, actor=SYSTEM, now=now)
    assert Lane.objects.get(source=reserve).drops_since is not None


def test_a_closed_tenant_gets_no_source_any_more(tenant: Tenant, now: datetime) -> None:
    close_tenant(tenant=tenant, actor=SYSTEM, now=now)
    with pytest.raises(Problem, match="closed"):
        create_source(tenant=tenant, account="222222222222", region="eu-west-1", actor=SYSTEM, now=now)
    assert reserve_for(tenant_id=tenant.pk) is None
