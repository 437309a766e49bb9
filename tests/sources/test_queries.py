from typing import Any

import pytest
from django.http import Http404

from integrations.registration.models import Environment
from integrations.sources.queries import source_for, sources_of, sources_of_environment, sources_of_tenant
from integrations.sources.reserve import reserve_for
from tenants.accounts import put_tenant
from tenants.models import Membership, Tenant, User
from tests.sources.conftest import BACKEND


@pytest.fixture
def birch(environment: Environment, now: Any) -> Tenant:
    return put_tenant(directory=environment.directory, external_id="birch", actor=BACKEND, now=now)[0]


@pytest.fixture
def member(tenant: Tenant) -> User:
    user = User.objects.create_user("member@alder.test")
    Membership.objects.create(user=user, tenant=tenant, role="viewer")
    return user


def test_a_member_sees_the_sources_of_its_tenant_and_no_others(
    tenant: Tenant, birch: Tenant, member: User, make_source: Any
) -> None:
    own, foreign = make_source(tenant), make_source(birch)
    assert list(sources_of(member)) == [own]
    assert source_for(member, str(own.public_id)) == own
    for stranger in (str(foreign.public_id), "nonsense"):
        with pytest.raises(Http404):
            source_for(member, stranger)


def test_staff_sees_every_source(tenant: Tenant, birch: Tenant, make_source: Any) -> None:
    sources = [make_source(tenant), make_source(birch)]
    assert list(sources_of(User.objects.create_user("ops@shop.test", staff_role="operations"))) == sources


def test_a_reserve_is_behind_no_door(tenant: Tenant, environment: Environment, member: User) -> None:
    reserve = reserve_for(tenant_id=tenant.pk)
    assert reserve is not None
    assert not sources_of_tenant(tenant).exists()
    assert not sources_of_environment(environment).exists()
    with pytest.raises(Http404):
        source_for(member, str(reserve.public_id))


def test_an_environment_has_only_its_own_sources(
    tenant: Tenant, environment: Environment, other_environment: Environment, make_source: Any
) -> None:
    own = make_source(tenant)
    assert list(sources_of_environment(environment)) == [own]
    assert not sources_of_environment(other_environment).exists()
