"""Going live: the checks against the simulator, the switch, and who may connect before and after."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from integrations.onboarding.go_live import go_live, production_of, record_listing, take_back
from integrations.onboarding.go_live_checks import Check, examine
from integrations.onboarding.models import Profile, Stage, TimelineEntry, ValidationRun
from integrations.problems import Problem
from integrations.registration.models import Breaker, Environment, Integration
from integrations.sources.creation import create_source
from integrations.sources.deletion import delete_source
from integrations.sources.models import Source
from integrations.sources.renewal import reprovision
from integrations.sources.succession import succeed
from tenants.accounts import put_tenant
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tests.onboarding.conftest import NOW
from tests.sandbox.started import Sandbox
from tests.sources.aws_side import endpoint

ANNE = Actor.system("anne@example.com")
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def aws(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    sandbox.private("POST", "reset")
    with endpoint(monkeypatch, sandbox.url):
        yield sandbox


def demonstrated(integration: Integration) -> None:
    """Bring an integration to where AWS has seen the flow."""
    Stage.objects.filter(integration=integration, number__lt=4).update(state="done")
    ValidationRun.objects.create(
        integration=integration,
        environment=integration.environments.get(kind="test"),
        kind="real",
        account="222222222222",
        region="eu-west-1",
        state="ended",
        started_at=NOW,
        started_by="anne",
        result="passed",
        result_at=NOW,
        result_by="anne",
        report={},
    )


def failed(integration: Integration) -> dict[str, str]:
    return {check.key: check.said for check in examine(integration) if not check.passed}


def passing(_: Integration) -> list[Check]:
    return [Check("registered", "Production is registered here", True, "")]


def live(integration: Integration, reason: str = "", **fields: Any) -> Environment:
    return go_live(integration=integration, reason=reason, actor=ANNE, clock=timezone.now, **fields)


def test_everything_that_was_taken_through_the_stages_passes(integration: Integration, aws: Sandbox) -> None:
    demonstrated(integration)
    keys = {check.key: check.passed for check in examine(integration)}
    assert keys == dict.fromkeys(keys, True)
    assert {"identity", "permission:eu-west-1", "namespace:eu-west-1", "quota", "alarms", "stages"} <= keys.keys()


def test_stages_and_demonstration_are_asked_for(integration: Integration, aws: Sandbox) -> None:
    found = failed(integration)
    assert found.keys() == {"stages", "demonstration"}
    assert "stage 1, 2, 3" in found["stages"]


def test_credentials_of_another_account_are_found(integration: Integration, aws: Sandbox) -> None:
    demonstrated(integration)
    integration.environments.filter(kind="production").update(publisher_account="999999999999")
    assert "999999999999 is registered" in failed(integration)["identity"]


def test_an_open_breaker_and_a_lowered_pace_are_found(integration: Integration, aws: Sandbox) -> None:
    demonstrated(integration)
    side = production_of(integration)
    Breaker.objects.create(environment=side, region="eu-west-1", opened_at=NOW, retry_at=NOW, code="ExpiredToken")
    with connection.cursor() as cursor:
        cursor.execute("insert into pace values ('111111111111', 'eu-west-1', 100, now())")
    found = failed(integration)
    assert found.keys() == {"alarms", "quota"}
    assert "ExpiredToken" in found["alarms"]
    assert "100 calls a second" in found["quota"]


def test_aws_away_is_a_check_that_did_not_pass_and_not_an_error(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    demonstrated(integration)
    with endpoint(monkeypatch, "http://127.0.0.1:9"):
        assert "could not be reached" in failed(integration)["identity"]


def test_an_integration_without_production_cannot_go_live(integration: Integration) -> None:
    integration.environments.filter(kind="production").delete()
    assert [check.passed for check in examine(integration)] == [False]
    with pytest.raises(Problem, match="Register the production environment"):
        live(integration)


def test_what_did_not_pass_is_said_and_nothing_is_switched_on(integration: Integration, aws: Sandbox) -> None:
    with pytest.raises(Problem) as refused:
        live(integration)
    assert refused.value.code == "not_ready"
    assert "Stages 1 to 3 are done: Not done: stage 1, 2, 3" in refused.value.detail
    assert production_of(integration).enabled_at is None


def test_a_reason_overrides_and_is_written_down(integration: Integration, aws: Sandbox) -> None:
    live(integration, "AWS agreed by telephone")
    entry = AuditEntry.objects.get(action="integration:go_live")
    assert entry.after["reason"] == "AWS agreed by telephone"
    assert {check["key"] for check in entry.after["checks"] if not check["passed"]} == {"stages", "demonstration"}
    told = TimelineEntry.objects.get(title="Orders is live")
    assert "In spite of: Stages 1 to 3 are done" in told.text


def test_going_live_twice_is_once(integration: Integration) -> None:
    first = live(integration, look=passing)
    second = live(integration, look=passing)
    assert first.enabled_at == second.enabled_at
    assert AuditEntry.objects.filter(action="integration:go_live").count() == 1
    assert AuditEntry.objects.filter(action="environment:enable").count() == 1


@pytest.fixture
def customer(integration: Integration) -> Tenant:
    """A tenant of production."""
    directory = production_of(integration).directory
    return put_tenant(directory=directory, external_id="alder", name="Alder", actor=ANNE, now=NOW)[0]


def connect(tenant: Tenant, label: str = "events") -> None:
    create_source(
        tenant=tenant, account="222222222222", region="eu-west-1", label=label, actor=ANNE, now=timezone.now()
    )


def test_tenants_connect_production_from_then_on_and_only_test_before(
    integration: Integration, customer: Tenant
) -> None:
    tester = put_tenant(
        directory=integration.environments.get(kind="test").directory,
        external_id="alder",
        name="Alder",
        actor=ANNE,
        now=NOW,
    )[0]
    connect(tester)
    with pytest.raises(Problem) as refused:
        connect(customer)
    assert (refused.value.status, refused.value.code) == (409, "production_not_enabled")
    live(integration, look=passing)
    connect(customer)


def test_taking_it_back_needs_a_reason_and_leaves_what_is_connected(integration: Integration, customer: Tenant) -> None:
    live(integration, look=passing)
    connect(customer)
    with pytest.raises(Problem, match="why production is switched off"):
        take_back(integration=integration, reason=" ", actor=ANNE, now=NOW)
    take_back(integration=integration, reason="A wrong domain", actor=ANNE, now=NOW)
    take_back(integration=integration, reason="A wrong domain", actor=ANNE, now=NOW)
    connect(customer)  # the source that exists
    with pytest.raises(Problem, match="has not gone live"):
        connect(customer, "more")
    assert AuditEntry.objects.get(action="environment:disable").after["reason"] == "A wrong domain"
    assert TimelineEntry.objects.filter(title="Production is switched off").count() == 1


def test_what_is_switched_off_takes_no_new_offer_under_another_name(integration: Integration, customer: Tenant) -> None:
    live(integration, look=passing)
    connect(customer)
    connect(customer, "deleted")
    take_back(integration=integration, reason="A wrong domain", actor=ANNE, now=NOW)
    kept = Source.objects.get(label="events")
    with pytest.raises(Problem) as refused:
        succeed(source=kept, account="333333333333", actor=ANNE, now=timezone.now())
    assert refused.value.code == "production_not_enabled"
    deleted = Source.objects.get(label="deleted")
    delete_source(source=deleted, keep_queue=True, actor=ANNE, now=timezone.now())
    Source.objects.filter(pk=deleted.pk).update(due_at=None)
    with pytest.raises(Problem) as refused:
        reprovision(source=deleted, actor=ANNE, now=timezone.now())
    assert refused.value.code == "production_not_enabled"
    Source.objects.filter(pk=kept.pk).update(ended="expired")
    reprovision(source=kept, actor=ANNE, now=timezone.now())  # what is connected goes on


def test_the_icon_and_its_page_are_recorded_once(integration: Integration) -> None:
    page = "https://console.aws.amazon.com/events/home?region=eu-west-1#/partners/example.com?page=overview"
    for _ in range(2):
        record_listing(integration=integration, icon_enabled_at=NOW, console_page=page, actor=ANNE, now=NOW)
    profile = Profile.objects.get(integration=integration)
    assert (profile.icon_enabled_at, profile.console_page) == (NOW, page)
    assert AuditEntry.objects.filter(action="integration:record_listing").count() == 1


@pytest.mark.parametrize("page", ["javascript:alert(1)", "http://x.example", "https://", "https://a b", "https://[x"])
def test_a_page_that_is_no_address_is_refused(integration: Integration, page: str) -> None:
    with pytest.raises(Problem, match="https://"):
        record_listing(integration=integration, icon_enabled_at=None, console_page=page, actor=ANNE, now=NOW)
    with pytest.raises(Problem, match="still to come"):
        record_listing(
            integration=integration, icon_enabled_at=NOW + timedelta(days=1), console_page="", actor=ANNE, now=NOW
        )
