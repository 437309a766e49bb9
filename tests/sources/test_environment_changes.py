from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from integrations.aws.limits import LimitError
from integrations.problems import Problem
from integrations.registration.environments import settings_of
from integrations.registration.models import Environment
from integrations.registration.renaming import rename_integration
from integrations.sources.environment_changes import change_environment
from integrations.sources.models import Source
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("test")


@pytest.fixture
def change(environment: Environment, now: datetime) -> Callable[..., Environment]:
    """Change some of what the environment is registered with."""

    def change(**fields: object) -> Environment:
        wanted = replace(settings_of(environment), **fields)  # type: ignore[arg-type]
        return change_environment(environment=environment, settings=wanted, actor=ACTOR, now=now)

    return change


def refused(change: Callable[..., Environment], **fields: object) -> str:
    with pytest.raises(Problem) as refusal:
        change(**fields)
    return refusal.value.code


def test_what_differs_is_changed_and_written_down_without_the_external_id(change: Callable[..., Environment]) -> None:
    role = "arn:aws:iam::111111111111:role/Publisher"
    changed = change(role_arn=role, external_id="between-us", regions=("eu-west-1", "us-east-1", "eu-central-1"))
    assert (changed.role_arn, changed.external_id) == (role, "between-us")
    assert changed.regions == ["eu-west-1", "us-east-1", "eu-central-1"]
    entry = AuditEntry.objects.get(action="environment:change")
    assert entry.before == {"role_arn": "", "external_id": "", "regions": ["eu-west-1", "us-east-1"]}
    assert entry.after == {"role_arn": role, "external_id": "set", "regions": changed.regions}


def test_what_is_set_already_changes_nothing(change: Callable[..., Environment]) -> None:
    change()
    assert not AuditEntry.objects.filter(action="environment:change").exists()


def test_a_region_with_sources_stays_until_they_are_deleted(
    change: Callable[..., Environment], tenant: Tenant, make_source: Callable[..., Source]
) -> None:
    source = make_source(tenant)
    assert refused(change, regions=("us-west-2",)) == "environment_in_use"
    Source.objects.filter(pk=source.pk).update(desired="absent")
    assert change(regions=("us-west-2",)).regions == ["us-west-2"]


@pytest.mark.parametrize(
    "other", [{"namespace": "aws.partner/example.org.test"}, {"publisher_account": "999999999999"}], ids=str
)
def test_names_and_their_owner_stay_once_sources_are_made_of_them_even_deleted_ones(
    other: dict[str, str],
    environment: Environment,
    change: Callable[..., Environment],
    tenant: Tenant,
    make_source: Callable[..., Source],
) -> None:
    before = {name: getattr(environment, name) for name in other}
    changed = change(**other)
    assert {name: getattr(changed, name) for name in other} == other
    change(**before)
    source = make_source(tenant)
    assert refused(change, **other) == "environment_in_use"
    Source.objects.filter(pk=source.pk).update(desired="absent")
    assert refused(change, **other) == "environment_in_use"


def test_the_publisher_account_may_change_until_a_source_was_made_at_aws(
    environment: Environment,
    change: Callable[..., Environment],
    tenant: Tenant,
    make_source: Callable[..., Source],
    now: datetime,
) -> None:
    source = make_source(tenant, observed="unknown", failure_code="AccessDenied", failure_final=True, tries=3)
    Source.objects.filter(pk=source.pk).update(provisioned_at=None)
    other = {"publisher_account": "999999999999"}
    assert refused(change, namespace="aws.partner/example.org.test") == "environment_in_use"
    assert change(**other).publisher_account == "999999999999"
    again = Source.objects.get(pk=source.pk)
    assert (again.tries, again.failure_code, again.failure_final, again.due_at) == (0, "", False, now)
    assert again.intent == source.intent + 1  # what a call for the old account brings home is not committed
    for made in ({"arn": "arn:aws:events:eu-west-1::event-source/x"}, {"observed": "none"}, {"provisioned_at": now}):
        unmade = {"arn": "", "observed": "unknown", "provisioned_at": None}
        Source.objects.filter(pk=source.pk).update(**unmade | made)
        assert refused(change, publisher_account="888888888888") == "environment_in_use"


def test_a_namespace_belongs_to_one_environment(
    change: Callable[..., Environment], other_environment: Environment
) -> None:
    assert refused(change, namespace=other_environment.namespace) == "namespace_taken"


@pytest.mark.parametrize(
    "wrong",
    [
        {"namespace": "aws.partner/example.org"},
        {"regions": ("eu-nowhere-1",)},
        {"publisher_account": "1"},
        {"receiver_accounts": ("x",)},
    ],
    ids=str,
)
def test_what_aws_would_refuse_is_refused(wrong: dict[str, object], change: Callable[..., Environment]) -> None:
    with pytest.raises(LimitError):
        change(**wrong)


def test_an_environment_without_a_region_is_refused(change: Callable[..., Environment]) -> None:
    assert refused(change, regions=()) == "region_missing"


def test_an_integration_gets_another_name_and_keeps_its_slug(environment: Environment, now: datetime) -> None:
    slug = environment.integration.slug
    changed = rename_integration(integration=environment.integration, name=" Orders ", actor=ACTOR, now=now)
    assert (changed.name, changed.slug) == ("Orders", slug)
    assert AuditEntry.objects.filter(action="integration:rename").count() == 1
    with pytest.raises(Problem, match="name"):
        rename_integration(integration=changed, name="  ", actor=ACTOR, now=now)
