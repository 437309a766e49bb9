"""Two editors open the same form; the first saves; the second is told, loses nothing, and decides."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from dashboard.operators import credentials
from integrations.onboarding.event_catalogue import put_type
from integrations.onboarding.models import CataloguedType, Profile
from integrations.onboarding.stages import begin_integration
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Brand, Environment, Integration, Logo
from tenants.audit import Actor
from tenants.models import User
from tests.dashboard.pages import seen_on
from tests.registration.test_brands import PNG

SYSTEM = Actor.system("test")
pytestmark = pytest.mark.usefixtures("store")
REGISTERED = {
    "namespace": "aws.partner/example.com.test",
    "publisher_account": "111111111111",
    "regions": "eu-west-1",
}
SETTINGS = REGISTERED | {"retention_days": "30", "hold_limit_days": "14", "untested": "on"}
RECEIVER = "arn:aws:iam::222222222222:role/{}"


@dataclass(frozen=True)
class Form:
    """A form, what both editors send, and in which field they differ."""

    page: str
    common: dict[str, str]
    field: str
    label: str
    first: str
    second: str
    to: str = ""
    named: bool = True  # the conflict names the values as they were sent


FORMS = {
    "profile": Form(
        "/onboarding/integrations/{i}/edit", {"name": "Orders", "domain": "example.com"}, "company", "Company", "A", "B"
    ),
    "registration": Form(
        "/onboarding/integrations/{i}/environments/test",
        REGISTERED,
        "external_id",
        "External id of the role",
        "A",
        "B",
        named=False,
    ),
    "receiver": Form(
        "/onboarding/integrations/{i}/receiver",
        {"queue_url": "https://sqs.eu-west-1.amazonaws.com/222222222222/q"},
        "role_arn",
        "Role in the receiver account",
        RECEIVER.format("A"),
        RECEIVER.format("B"),
    ),
    "hand-over": Form("/onboarding/integrations/{i}/hand-over", {}, "lead", "New lead", "{first}", "", named=False),
    "event type": Form(
        "/onboarding/integrations/{i}/event-types/{t}", {"name": "Order placed"}, "description", "Description", "A", "B"
    ),
    "listing": Form(
        "/onboarding/orders/go-live",
        {},
        "console_page",
        "AWS&#x27;s page about us",
        "https://console.aws.amazon.com/a",
        "https://console.aws.amazon.com/b",
        to="/onboarding/orders/go-live/listing",
    ),
    "settings": Form(
        "/operators/environments/{e}/settings", SETTINGS, "retention_days", "Days events are kept", "40", "50"
    ),
    "gate policy": Form(
        "/operators/environments/{e}",
        {},
        "gate_policy",
        "While AWS says PENDING",
        "hold",
        "drop",
        to="/operators/environments/{e}/gate-policy",
        named=False,
    ),
    "name": Form(
        "/operators/integrations/{i}", {}, "name", "Name", "Sales", "Returns", to="/operators/integrations/{i}/rename"
    ),
    "brand": Form("/operators/brands/{i}", {"colour": "#0b6470", "colour_dark": "#63cbd8"}, "name", "Name", "A", "B"),
}


@pytest.fixture
def integration(db: None) -> Integration:
    environment = EnvironmentSettings(
        "test", "aws.partner/example.com.test", "111111111111", ["eu-west-1"], external_id="given"
    )
    production = EnvironmentSettings("production", "aws.partner/example.com", "111111111111", ["eu-west-1"])
    begun = begin_integration(
        slug="orders",
        name="Orders",
        environments=[environment, production],
        profile={"company": "Kestrel", "domain": "example.com"},
        actor=SYSTEM,
        now=timezone.now(),
    )
    put_type(integration=begun, name="Order placed", actor=SYSTEM, now=timezone.now())
    return begun


@pytest.fixture
def first(integration: Integration) -> Client:
    return signed_in("first@example.com")


@pytest.fixture
def second(integration: Integration) -> Client:
    return signed_in("second@example.com")


def signed_in(email: str) -> Client:
    browser = Client()
    browser.force_login(User.objects.create_user(email, staff_role="operations"))
    return browser


def placed(text: str) -> str:
    """Fill a path or a value with the ids of what stands there."""
    ids = {
        "i": Integration.objects.get().public_id,
        "e": Environment.objects.get(kind="test").public_id,
        "t": CataloguedType.objects.get().public_id,
        "first": User.objects.get(email="first@example.com").public_id,
    }
    return text.format(**ids)


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest, first: Client, second: Client) -> Form:
    return FORMS[request.param]


def sent(client: Client, form: Form, value: str, seen: str) -> Any:
    return client.post(placed(form.to or form.page), form.common | {form.field: placed(value), "seen": seen})


def test_the_second_of_two_editors_is_told_keeps_what_was_typed_and_may_save_anyway(
    form: Form, first: Client, second: Client
) -> None:
    page = placed(form.page)
    seen = seen_on(first, page)
    assert seen_on(second, page) == seen
    assert sent(first, form, form.first, seen).status_code == 302
    stored = seen_on(first, page)

    told = sent(second, form, form.second, seen)
    text = told.content.decode()
    assert told.status_code == 409
    assert "Somebody else saved this while you were editing" in text
    assert f"<dt>{form.label}</dt>" in text
    assert "Changed by first@example.com" in text
    assert " anyway" in text
    if form.named:
        assert f"Stored now: {form.first}" in text
        assert f"Yours: {form.second}" in text
    assert told.context["form"][form.field].value() == placed(form.second)
    assert seen_on(first, page) == stored

    assert sent(second, form, form.second, told.context["editing"].seen).status_code == 302
    assert seen_on(first, page) != stored


def test_what_both_want_is_no_conflict(form: Form, first: Client, second: Client) -> None:
    seen = seen_on(second, placed(form.page))
    sent(first, form, form.first, seen)
    assert sent(second, form, form.first, seen).status_code == 302


def test_a_form_that_does_not_say_what_was_seen_overwrites_nothing(form: Form, second: Client) -> None:
    assert sent(second, form, form.first, "").status_code == 409
    assert sent(second, form, form.first, "nonsense : name:").status_code == 409


def test_a_change_of_what_the_form_does_not_show_is_none_of_its_business(first: Client, second: Client) -> None:
    profile, receiver = FORMS["profile"], FORMS["receiver"]
    seen = seen_on(second, placed(profile.page))
    sent(first, receiver, receiver.first, seen_on(first, placed(receiver.page)))
    assert sent(second, profile, profile.second, seen).status_code == 302
    assert (Profile.objects.get().company, Profile.objects.get().receiver_role_arn) == ("B", receiver.first)


def test_lines_that_a_browser_ends_its_own_way_are_no_change(first: Client, second: Client) -> None:
    Profile.objects.update(partner_emails=["a@example.com", "b@example.com"])
    form = FORMS["profile"]
    same = form.common | {"company": "Kestrel", "partner_emails": "a@example.com\r\nb@example.com"}
    assert second.post(placed(form.page), same | {"seen": ""}).status_code == 302


def test_settings_are_saved_as_a_whole_or_not_at_all(
    first: Client, second: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = FORMS["settings"]
    monkeypatch.setattr(credentials, "caller_identity", lambda *_: "111111111111")
    seen = seen_on(second, placed(form.page))
    sent(first, form, "40", seen)
    both = form.common | {"role_arn": RECEIVER.format("mine"), "retention_days": "50", "seen": seen}
    assert second.post(placed(form.page), both).status_code == 409
    stored = Environment.objects.get(kind="test")
    assert (stored.role_arn, stored.retention_days) == ("", 40)


def test_a_picture_is_not_taken_away_by_somebody_who_saw_another(first: Client, second: Client) -> None:
    page = placed(FORMS["brand"].page)
    seen = seen_on(second, page)
    looks = {"name": "Kestrel", "colour": "", "seen": seen}
    first.post(page, looks | {"logo": SimpleUploadedFile("logo.png", PNG, "image/png")})
    told = second.post(page, looks | {"without_logo": "on"})
    assert told.status_code == 409
    assert "The file has to be chosen again." not in told.content.decode()
    told = second.post(page, looks | {"logo": SimpleUploadedFile("mine.png", PNG, "image/png")})
    assert "The file has to be chosen again." in told.content.decode()
    assert Logo.objects.exists()
    assert second.post(page, looks | {"name": "Kestrel & Co"}).status_code == 409
    assert Brand.objects.get().name == "Kestrel"


def test_an_environment_that_somebody_added_meanwhile_is_not_overwritten(first: Client, second: Client) -> None:
    Environment.objects.filter(kind="production").delete()
    page = placed("/onboarding/integrations/{i}/environments/production")
    seen = seen_on(second, page)
    new = {"namespace": "aws.partner/example.com", "publisher_account": "111111111111", "seen": seen}
    assert first.post(page, new | {"regions": "eu-west-1"}).status_code == 302
    told = second.post(page, new | {"regions": "us-east-1"})
    assert told.status_code == 409
    assert Environment.objects.get(kind="production").regions == ["eu-west-1"]


def test_what_somebody_typed_stays_text(first: Client, second: Client) -> None:
    form = FORMS["profile"]
    seen = seen_on(second, placed(form.page))
    sent(first, form, "<script>alert(1)</script>", seen)
    told = sent(second, form, "<b>mine</b>", seen).content.decode()
    assert "<script>alert(1)" not in told
    assert "Stored now: &lt;script&gt;alert(1)&lt;/script&gt;" in told
