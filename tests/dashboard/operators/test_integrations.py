from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.operators import credentials
from integrations.aws.refusal import AwsError
from integrations.registration.models import Breaker, Environment
from integrations.sources.models import Source
from tenants.models import AuditEntry
from tests.dashboard.cast import Cast
from tests.dashboard.pages import ClientOf, MakeSource, save

PATH = "/operators/integrations"


@pytest.fixture
def operations(client_of: ClientOf) -> Client:
    return client_of("operations")


@pytest.fixture
def aws_answers(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """AWS sees the publisher account; what it was asked for is remembered."""
    asked: list[object] = []

    def answer(publisher: object, region: str) -> str:
        asked.append((publisher, region))
        return environment.publisher_account

    monkeypatch.setattr(credentials, "caller_identity", answer)
    return asked


def filled(environment: Environment, **changed: object) -> dict[str, object]:
    return {
        "publisher_account": environment.publisher_account,
        "role_arn": environment.role_arn,
        "external_id": environment.external_id,
        "regions": ", ".join(environment.regions),
        "receiver_accounts": "",
        "retention_days": environment.retention_days,
        "hold_limit_days": environment.hold_limit_days,
    } | changed


def settings_of(environment: Environment) -> str:
    return f"/operators/environments/{environment.public_id}/settings"


def test_credentials_are_tried_as_they_would_be_used_and_then_saved(
    operations: Client, environment: Environment, aws_answers: list[object]
) -> None:
    wanted = filled(
        environment, role_arn="arn:aws:iam::111111111111:role/P", regions="eu-west-1 eu-central-1\n", retention_days=60
    )
    assert save(operations, settings_of(environment), wanted).status_code == 302
    environment.refresh_from_db()
    assert environment.regions == ["eu-west-1", "eu-central-1"]
    assert (environment.role_arn, environment.retention_days) == ("arn:aws:iam::111111111111:role/P", 60)
    ((publisher, region),) = aws_answers
    assert (publisher.role_arn, region) == ("arn:aws:iam::111111111111:role/P", "eu-west-1")


def test_what_waited_for_the_credentials_is_tried_again_once_they_are_mended(
    operations: Client, environment: Environment, aws_answers: list[object], cast: Cast, make_source: MakeSource
) -> None:
    later = timezone.now() + timedelta(minutes=4)
    stuck, polled = make_source(cast.alder), make_source(cast.birch)
    Source.objects.filter(pk=stuck.pk).update(observed="unknown", provisioned_at=None, due_at=later)
    Source.objects.filter(pk=polled.pk).update(provisioned_at=timezone.now(), due_at=later)
    refused = {"environment": environment, "region": stuck.region, "code": "WrongAccount", "opened_at": timezone.now()}
    breaker = Breaker.objects.create(**refused, retry_at=later)
    save(operations, settings_of(environment), filled(environment))
    breaker.refresh_from_db()
    assert breaker.retry_at < later
    assert list(Source.objects.filter(due_at__lt=later)) == [stuck]


def test_what_aws_refuses_is_not_saved_unless_somebody_insists(
    operations: Client, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise AwsError("AccessDenied", "You may not assume this role.", operation="AssumeRole")

    monkeypatch.setattr(credentials, "caller_identity", refuse)
    wanted = filled(environment, role_arn="arn:aws:iam::1:role/wrong")
    answer = save(operations, settings_of(environment), wanted)
    assert answer.status_code == 422
    assert "You may not assume this role." in answer.content.decode()
    environment.refresh_from_db()
    assert environment.role_arn == ""
    assert save(operations, settings_of(environment), wanted | {"untested": "on"}).status_code == 302


def test_credentials_of_another_account_are_refused(
    operations: Client, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "caller_identity", lambda *_: "123456789012")
    answer = save(operations, settings_of(environment), filled(environment))
    assert "belong to 123456789012, not to the publisher account" in answer.content.decode()


def test_a_region_with_sources_cannot_be_taken_away(
    operations: Client, environment: Environment, aws_answers: list[object], cast: Cast, make_source: MakeSource
) -> None:
    make_source(cast.alder)
    answer = save(operations, settings_of(environment), filled(environment, regions="us-west-2"))
    assert answer.status_code == 422
    assert "Sources stand in eu-west-1" in answer.content.decode()


def test_the_namespace_is_shown_and_never_asked_for(operations: Client, environment: Environment) -> None:
    page = operations.get(settings_of(environment)).content.decode()
    assert environment.namespace in page
    assert 'name="namespace"' not in page


@pytest.mark.parametrize(("role", "offered"), [("operations", True), ("manager", True), ("support", False)])
def test_whoever_may_begin_an_integration_finds_where_on_the_list(
    client_of: ClientOf, environment: Environment, role: str, offered: bool
) -> None:
    assert ("New integration" in client_of(role).get(PATH).content.decode()) is offered


def test_an_integration_is_renamed(operations: Client, environment: Environment) -> None:
    path = f"{PATH}/{environment.integration.public_id}"
    answer = save(operations, path, {"name": "Orders and returns"}, to=f"{path}/rename", follow=True)
    assert "It is called Orders and returns now." in answer.content.decode()
    assert operations.post(f"{path}/rename", {"name": ""}).status_code == 422
    assert AuditEntry.objects.filter(action="integration:rename").count() == 1


def test_an_external_id_is_not_shown_to_those_who_only_read(client_of: ClientOf, environment: Environment) -> None:
    Environment.objects.update(external_id="between-us")
    support = client_of("support")
    page = support.get(f"{PATH}/{environment.integration.public_id}").content.decode()
    assert "between-us" not in page
    assert support.get(settings_of(environment)).status_code == 403


@pytest.mark.parametrize("path", [PATH, "detail"])
def test_the_pages_ask_at_most_six_questions(path: str, operations: Client, environment: Environment) -> None:
    address = f"{PATH}/{environment.integration.public_id}" if path == "detail" else path
    operations.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert operations.get(address).status_code == 200
    assert len(queries) <= 6, [query["sql"][:80] for query in queries]
