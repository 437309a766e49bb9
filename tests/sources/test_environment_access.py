from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from integrations.aws.limits import LimitError
from integrations.problems import Problem
from integrations.registration.models import Environment
from integrations.registration.renaming import rename_integration
from integrations.sources.environment_access import EnvironmentAccess, change_access
from integrations.sources.models import Source
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("test")


@pytest.fixture
def access(environment: Environment) -> EnvironmentAccess:
    """The environment's access as it is."""
    return EnvironmentAccess(
        environment.publisher_account,
        environment.role_arn,
        environment.external_id,
        tuple(environment.regions),
        tuple(environment.receiver_accounts),
    )


def test_what_differs_is_changed_and_written_down_without_the_external_id(
    environment: Environment, access: EnvironmentAccess, now: datetime
) -> None:
    role = "arn:aws:iam::111111111111:role/Publisher"
    wanted = replace(access, role_arn=role, external_id="between-us", regions=(*access.regions, "eu-central-1"))
    changed = change_access(environment=environment, wanted=wanted, actor=ACTOR, now=now)
    assert (changed.role_arn, changed.external_id) == (role, "between-us")
    assert "eu-central-1" in changed.regions
    entry = AuditEntry.objects.get(action="environment:change_access")
    assert entry.after["external_id"] == "set"
    assert "between-us" not in str((entry.before, entry.after))


def test_what_is_set_already_changes_nothing(
    environment: Environment, access: EnvironmentAccess, now: datetime
) -> None:
    change_access(environment=environment, wanted=access, actor=ACTOR, now=now)
    assert not AuditEntry.objects.filter(action="environment:change_access").exists()


def test_a_region_with_sources_stays(
    environment: Environment,
    access: EnvironmentAccess,
    tenant: Tenant,
    make_source: Callable[..., Source],
    now: datetime,
) -> None:
    make_source(tenant)
    with pytest.raises(Problem, match="Sources stand in eu-west-1"):
        change_access(environment=environment, wanted=replace(access, regions=("us-west-2",)), actor=ACTOR, now=now)


def test_the_publisher_account_stays_once_aws_knows_sources_by_it(
    environment: Environment,
    access: EnvironmentAccess,
    tenant: Tenant,
    make_source: Callable[..., Source],
    now: datetime,
) -> None:
    other = replace(access, publisher_account="999999999999")
    assert change_access(environment=environment, wanted=other, actor=ACTOR, now=now).publisher_account == "9" * 12
    make_source(tenant)
    with pytest.raises(Problem, match="Another account is another environment"):
        change_access(environment=environment, wanted=access, actor=ACTOR, now=now)


@pytest.mark.parametrize(
    "wrong", [{"regions": ("eu-nowhere-1",)}, {"publisher_account": "1"}, {"receiver_accounts": ("x",)}]
)
def test_what_aws_would_refuse_is_refused(
    wrong: dict[str, object], environment: Environment, access: EnvironmentAccess, now: datetime
) -> None:
    with pytest.raises(LimitError):
        change_access(environment=environment, wanted=replace(access, **wrong), actor=ACTOR, now=now)  # type: ignore[arg-type]


def test_an_environment_without_a_region_is_refused(
    environment: Environment, access: EnvironmentAccess, now: datetime
) -> None:
    with pytest.raises(Problem, match="at least one region"):
        change_access(environment=environment, wanted=replace(access, regions=()), actor=ACTOR, now=now)


def test_an_integration_gets_another_name_and_keeps_its_slug(environment: Environment, now: datetime) -> None:
    slug = environment.integration.slug
    changed = rename_integration(integration=environment.integration, name=" Orders ", actor=ACTOR, now=now)
    assert (changed.name, changed.slug) == ("Orders", slug)
    assert AuditEntry.objects.filter(action="integration:rename").count() == 1
    with pytest.raises(Problem, match="name"):
        rename_integration(integration=changed, name="  ", actor=ACTOR, now=now)
