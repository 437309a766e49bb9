from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.reconciliation.models import Adoption, Drift, Survey
from integrations.registration.models import Environment
from tests.dashboard.pages import ClientOf, title_of

PATH = "/operators/drift"


@pytest.fixture
def orphan(environment: Environment) -> Drift:
    return make_orphan(environment, "aws.partner/shop.example.com.test/old/events")


def make_orphan(environment: Environment, name: str) -> Drift:
    return Drift.objects.create(
        environment=environment,
        region="eu-west-1",
        name=name,
        kind="orphan",
        accounts=["222222222222"],
        first_seen_at=timezone.now(),
        last_seen_at=timezone.now(),
    )


def test_the_list_names_what_differs_and_offers_actions_to_operations_alone(client_of: ClientOf, orphan: Drift) -> None:
    page = client_of("operations").get(PATH).content.decode()
    assert orphan.name in page
    assert "2222-2222-2222" in page
    assert "Unknown here" in page
    assert f"{PATH}/{orphan.public_id}/delete" in page
    assert f"{PATH}/{orphan.public_id}/delete" not in client_of("support").get(PATH).content.decode()
    assert orphan.name in client_of("support").get(f"{PATH}?format=csv").getvalue().decode()


def test_its_queries_do_not_grow_with_the_list(client_of: ClientOf, environment: Environment) -> None:
    for number in range(60):
        make_orphan(environment, f"aws.partner/shop.example.com.test/old/{number}")
    client = client_of("operations")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(PATH)
    assert len(queries) <= 12


def test_without_drift_the_page_says_what_next(client_of: ClientOf) -> None:
    assert "AWS was not looked through yet" in client_of("support").get(PATH).content.decode()


def test_deleting_says_first_what_will_happen_and_then_only_writes_it_down(client_of: ClientOf, orphan: Drift) -> None:
    client, path = client_of("operations"), f"{PATH}/{orphan.public_id}/delete"
    page = client.get(path).content.decode()
    assert "cannot be undone" in page
    assert title_of(page).startswith("Delete aws.partner/")
    assert client.post(path).status_code == 302
    orphan.refresh_from_db()
    assert (orphan.wanted, orphan.resolved_at) == ("delete", None)
    assert "Decided: delete" in client.get(PATH).content.decode()


def test_an_orphan_is_adopted_by_a_tenant_for_the_account_that_aws_named(client_of: ClientOf, orphan: Drift) -> None:
    client, path = client_of("operations"), f"{PATH}/{orphan.public_id}/adopt"
    assert client.post(path, {"tenant": "alder", "account": "333333333333"}).status_code == 422
    assert client.post(path, {"tenant": "nobody", "account": "222222222222"}).status_code == 409
    assert not Adoption.objects.exists()
    assert client.post(path, {"tenant": "alder", "account": "222222222222"}).status_code == 302
    line: Any = Adoption.objects.get(state="applying").lines.get()
    assert (line.name, line.tenant, line.account, line.finding) == (orphan.name, "alder", "222222222222", "adoptable")


def test_what_does_not_fit_is_refused_with_a_sentence(client_of: ClientOf, orphan: Drift) -> None:
    answer = client_of("operations").get(f"{PATH}/{orphan.public_id}/recreate")
    assert (answer.status_code, "cannot be taken care of" in answer.content.decode()) == (409, True)


def test_a_survey_can_be_asked_for(client_of: ClientOf, environment: Environment) -> None:
    assert client_of("operations").post(f"{PATH}/survey").status_code == 302
    assert Survey.objects.filter(environment=environment, due_at__lte=timezone.now()).count() == 2


def test_a_survey_that_fails_says_so_in_our_sentence_and_keeps_awss_words_folded(
    client_of: ClientOf, environment: Environment
) -> None:
    said = {
        "failure": "AWS refuses our credentials.",
        "failure_code": "ExpiredToken",
        "failure_message": "It <expired>",
    }
    Survey.objects.create(environment=environment, region="eu-west-1", due_at=timezone.now(), **said)
    shown = client_of("support").get(PATH).content.decode()
    assert "Not possible at the moment: AWS refuses our credentials." in shown
    assert "<summary>AWS's words</summary><code>ExpiredToken: It &lt;expired&gt;</code>" in shown
