import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.registration.keys import SCOPES, authenticate, issue_key
from integrations.registration.models import ApiKey, Environment
from tenants.audit import Actor
from tests.dashboard.pages import ClientOf

PATH = "/operators/keys"


@pytest.fixture
def operations(client_of: ClientOf) -> Client:
    return client_of("operations")


def issue(environment: Environment, name: str = "backend", **fields: object) -> ApiKey:
    return issue_key(environment=environment, name=name, actor=Actor.system("test"), now=timezone.now(), **fields)[0]  # type: ignore[arg-type]


def secret_on(page: str) -> str:
    found = re.search(r'data-copy="(pb_test_[^"]+)"', page)
    assert found
    return found[1]


def test_a_new_key_is_shown_once_and_works(operations: Client, environment: Environment) -> None:
    wanted = {
        "environment": environment.public_id,
        "name": "orders-backend",
        "scopes": ["events:write"],
        "lifetime": "30",
        "events_per_second": "100",
    }
    answer = operations.post(f"{PATH}/new", wanted)
    assert answer.status_code == 201
    assert "no-store" in answer.headers["Cache-Control"]
    text = secret_on(answer.content.decode())
    key = authenticate(f"Bearer {text}", now=timezone.now()).key
    assert (key.name, key.scopes, key.events_per_second) == ("orders-backend", ["events:write"], 100)
    assert key.expires_at
    assert timedelta(days=29) < key.expires_at - timezone.now() < timedelta(days=31)
    assert text.split("_")[3] not in operations.get(PATH).content.decode()


@pytest.mark.parametrize(
    "changed",
    [{"scopes": []}, {"scopes": ["everything"]}, {"environment": "x"}, {"name": ""}, {"events_per_second": "0"}],
)
def test_what_cannot_be_is_refused_at_its_field(
    changed: dict[str, object], operations: Client, environment: Environment
) -> None:
    wanted = {"environment": environment.public_id, "name": "x", "scopes": list(SCOPES)} | changed
    answer = operations.post(f"{PATH}/new", wanted)
    assert answer.status_code == 422
    assert 'class="form-error"' in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_a_rotated_key_goes_on_beside_the_new_one(operations: Client, environment: Environment) -> None:
    old = issue(environment)
    answer = operations.post(f"{PATH}/{old.public_id}/rotate", {"overlap": "7"})
    assert answer.status_code == 201
    authenticate(f"Bearer {secret_on(answer.content.decode())}", now=timezone.now())
    old.refresh_from_db()
    assert old.expires_at
    assert old.expires_at > timezone.now() + timedelta(days=6)


def test_a_key_that_has_ended_says_so_instead_of_being_rotated(operations: Client, environment: Environment) -> None:
    old = issue(environment)
    operations.post(f"{PATH}/{old.public_id}/revoke")
    answer = operations.post(f"{PATH}/{old.public_id}/rotate", {"overlap": "7"})
    assert answer.status_code == 422
    assert "has ended already" in answer.content.decode()


def test_revoking_asks_first_and_says_what_stays(operations: Client, environment: Environment) -> None:
    key = issue(environment)
    question = operations.get(f"{PATH}/{key.public_id}/revoke").content.decode()
    assert "Events that it posted stay stored" in question
    key.refresh_from_db()
    assert key.revoked_at is None
    answer = operations.post(f"{PATH}/{key.public_id}/revoke", follow=True)
    assert "backend is revoked" in answer.content.decode()
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_keys_are_found_by_name_prefix_state_and_environment(operations: Client, environment: Environment) -> None:
    first = issue(environment, "first-one")
    second = issue(environment, "second-one", expires_at=timezone.now() - timedelta(days=1))
    for query, seen in (
        ({"q": "FIRST"}, first),
        ({"q": f"pb_test_{second.prefix}"}, second),
        ({"state": "expired"}, second),
        ({"state": "active", "environment": environment.public_id}, first),
    ):
        page = operations.get(PATH, query).content.decode()
        assert (first.prefix in page, second.prefix in page) == (seen == first, seen == second)


def test_support_reads_and_operations_act(client_of: ClientOf, environment: Environment) -> None:
    key = issue(environment)
    support = client_of("support")
    page = support.get(PATH).content.decode()
    assert key.prefix in page
    assert "Revoke…" not in page
    assert support.post(f"{PATH}/{key.public_id}/revoke").status_code == 403


@pytest.mark.parametrize("size", [1, 60])
def test_the_list_asks_at_most_six_questions(size: int, operations: Client, environment: Environment) -> None:
    for number in range(size):
        issue(environment, f"key-{number}")
    operations.get(PATH)
    with CaptureQueriesContext(connection) as queries:
        operations.get(PATH)
    assert len(queries) <= 6, [query["sql"][:80] for query in queries]
