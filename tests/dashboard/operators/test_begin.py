"""The guide of the first run, walked by an administrator on an empty installation."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from dashboard.operators import credentials
from integrations.registration.models import Environment
from integrations.sources.models import Source
from tenants.administrators import create_administrator
from tenants.models import AuditEntry, Tenant
from tests.conftest import SYSTEM
from tests.dashboard.pages import accepted

BEGIN = "/operators/begin"
INTEGRATION = {
    "name": "Kestrel Orders",
    "namespace": "aws.partner/kestrel.example.com.test",
    "account": "111111111111",
    "regions": "eu-west-1, us-east-1",
}


@pytest.fixture(autouse=True)
def aws_knows_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "caller_identity", lambda *_: INTEGRATION["account"])


@pytest.fixture
def admin(store: None, now: object) -> Client:
    browser = Client()
    person = create_administrator(
        email="ops@example.com",
        password="a-long-enough-one-47",
        actor=SYSTEM,
        now=now,  # type: ignore[arg-type]
    )
    browser.force_login(person)
    return browser


def at_hand(admin: Client) -> str:
    page = admin.get(BEGIN).content.decode()
    found = re.search(r'aria-current="step"><h3>(.*?)</h3>', page)
    return unescape(found[1]) if found else "nothing"


def test_each_step_is_lit_by_what_is_and_shows_how_to_do_the_next(admin: Client) -> None:
    assert "Follow the guide" in admin.get("/").content.decode()
    assert at_hand(admin) == "Register the integration"
    assert admin.post(f"{BEGIN}/integration", INTEGRATION).status_code == 302
    assert list(Environment.objects.get().regions) == ["eu-west-1", "us-east-1"]
    assert at_hand(admin) == "Put the first tenant"
    admin.post(f"{BEGIN}/tenant", {"external_id": "42", "name": "Alder"})
    tenant = Tenant.objects.get()
    assert AuditEntry.objects.get(action="tenant:create").actor_label == "ops@example.com"
    assert at_hand(admin) == "Offer it a source"
    offer = {"account": "222222222222", "region": "eu-west-1", "scope": "all", "label": "events"}
    admin.post(f"/portal/{tenant.public_id}/connect", offer | {"confirmed": "222222222222"})
    assert at_hand(admin) == "Accept the source on AWS's side"
    Source.objects.update(observed="active")
    assert at_hand(admin) == "Hand over the first event"
    assert "create_key kestrel-orders test backend" in admin.get(BEGIN).content.decode()
    accepted(Source.objects.get())
    assert at_hand(admin) == "nothing"
    finished = admin.get(BEGIN).content.decode()
    assert "The way from you to a tenant works" in finished
    assert "Open the board" in finished


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"namespace": "example.com"}, "is not a namespace"),
        ({"namespace": "aws.partner/example.com"}, "A test namespace ends in .test"),
        ({"account": "12"}, "is not an AWS account id"),
        ({"regions": "mars"}, "is not a region"),
    ],
)
def test_what_aws_would_refuse_is_said_and_nothing_is_made(
    admin: Client, change: dict[str, str], sentence: str
) -> None:
    answer = admin.post(f"{BEGIN}/integration", INTEGRATION | change)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Environment.objects.exists()


def test_an_id_that_cannot_be_used_is_refused(admin: Client) -> None:
    admin.post(f"{BEGIN}/integration", INTEGRATION)
    answer = admin.post(f"{BEGIN}/tenant", {"external_id": "a/b", "name": "Alder"})
    assert answer.status_code == 422
    assert "printable characters without a slash" in answer.content.decode()


def test_another_account_than_that_of_the_credentials_is_registered_only_by_somebody_who_insists(admin: Client) -> None:
    mistaken = INTEGRATION | {"account": "123456789012"}
    answer = admin.post(f"{BEGIN}/integration", mistaken)
    assert answer.status_code == 422
    assert "The credentials belong to 111111111111, not to" in answer.content.decode()
    assert not Environment.objects.exists()
    assert admin.post(f"{BEGIN}/integration", mistaken | {"untested": "on"}).status_code == 302


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_account_of_the_simulator_is_filled_in_where_there_is_one(
    admin: Client, settings: Any, sandbox: bool
) -> None:
    settings.SANDBOX = sandbox
    field = re.search(r'<input[^>]*name="account"[^>]*>', admin.get(BEGIN).content.decode())
    assert field
    assert ('value="111111111111"' in field[0]) is sandbox
