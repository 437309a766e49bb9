"""The pages of partner managers: what they say, what they do, and what they never do."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dashboard.onboarding.places import place_of_work
from integrations.onboarding.event_catalogue import put_type
from integrations.onboarding.models import Attachment, CataloguedType, ChecklistItem, Letter, Profile, Stage
from integrations.onboarding.stages import begin_integration
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Environment, Integration
from tenants.audit import Actor
from tenants.models import User
from tests.dashboard.pages import save

SYSTEM = Actor.system("test")
pytestmark = pytest.mark.usefixtures("store")

BEGIN = {
    "name": "Kestrel Orders",
    "company": "Kestrel GmbH & Søn",
    "domain": "Example.com",
    "publisher_account": "111111111111",
    "receiver_account": "222222222222",
    "regions": "eu-west-1, us-east-1",
    "partner_emails": "apn@example.com",
    "landing_page": "https://example.com/eventbridge",
    "event_types": "Order placed\nOrder gone",
}


@pytest.fixture
def manager(db: None) -> User:
    return User.objects.create_user("manager@example.com", staff_role="manager")


@pytest.fixture
def client(manager: User) -> Client:
    browser = Client()
    browser.force_login(manager)
    return browser


@pytest.fixture
def integration(manager: User) -> Integration:
    environments = [
        EnvironmentSettings(
            "test",
            "aws.partner/example.com.test",
            "111111111111",
            ["eu-west-1", "us-east-1"],
            receiver_accounts=["222222222222"],
        ),
        EnvironmentSettings("production", "aws.partner/example.com", "111111111111", ["eu-west-1"]),
    ]
    profile = {"company": "Kestrel", "domain": "example.com", "partner_emails": ["apn@example.com"], "lead": manager}
    return begin_integration(
        slug="orders", name="Orders", environments=environments, profile=profile, actor=SYSTEM, now=timezone.now()
    )


def at(integration: Integration, *more: object) -> str:
    return "/".join(map(str, ("/onboarding/integrations", integration.public_id, *more)))


def item_of(integration: Integration, key: str) -> ChecklistItem:
    return ChecklistItem.objects.get(stage__integration=integration, key=key)


def said(answer: Any) -> str:
    """What the page that followed says in its toasts."""
    return " ".join(str(message) for message in answer.context["messages"])


def test_an_integration_begins_with_a_form_and_namespaces_that_follow_from_the_domain(client: Client) -> None:
    answer = client.post("/onboarding/new", BEGIN, follow=True)
    found = Integration.objects.get()
    assert answer.redirect_chain == [(at(found), 302)]
    assert [e.namespace for e in found.environments.order_by("kind")] == [
        "aws.partner/example.com",
        "aws.partner/example.com.test",
    ]
    assert {e.kind: e.gate_policy for e in found.environments.all()} == {"test": "send_and_keep", "production": "hold"}
    assert found.profile.lead.email == "manager@example.com"
    assert set(found.catalogued_types.values_list("name", flat=True)) == {"Order placed", "Order gone"}
    assert "Kestrel GmbH &amp; Søn" in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("domain", "https://example.com", "is not a domain"),
        ("publisher_account", "1111", "12 digits"),
        ("regions", "mars-1", "is not a region"),
        ("partner_emails", "apn", "is not an e-mail address"),
        ("event_types", "mail ada@example.com", "seems to hold an e-mail address"),
        ("event_types", "\n".join(f"t{n}" for n in range(16)), "AWS takes at most 15"),
        ("landing_page", "javascript:alert(1)", "begins with https://"),
    ],
)
def test_what_aws_would_refuse_is_said_in_the_form_and_nothing_is_begun(
    client: Client, field: str, value: str, sentence: str
) -> None:
    answer = client.post("/onboarding/new", BEGIN | {field: value})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Integration.objects.exists()


def test_two_products_of_one_name_get_slugs_of_their_own(client: Client, integration: Integration) -> None:
    client.post("/onboarding/new", BEGIN | {"name": "Orders", "domain": "example.org"})
    assert set(Integration.objects.values_list("slug", flat=True)) == {"orders", "orders-2"}


def test_the_board_shows_who_is_next_and_what_is_late(
    client: Client, integration: Integration, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Stage.objects.filter(integration=integration, number=1).update(due_on=timezone.now().date() - timedelta(days=3))
    with django_assert_max_num_queries(12):
        page = client.get("/onboarding/board").content.decode()
    assert "1 of 1 integrations is overdue" in page
    assert "overdue by 3 d" in page
    assert "manager@example.com" in page
    assert "Nothing matches" in client.get("/onboarding/board?q=zebra").content.decode()
    assert b"Orders" in b"".join(client.get("/onboarding/board?format=csv").streaming_content)


def test_a_page_of_an_integration_asks_few_questions_however_much_there_is(
    client: Client, integration: Integration, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        put_type(integration=integration, name=f"t{number % 15}x{number}"[:20], actor=SYSTEM, now=timezone.now()) if (
            number < 15
        ) else None
        client.post(at(integration, "comments"), {"text": f"Comment {number}"})
    with django_assert_max_num_queries(12):
        page = client.get(at(integration)).content.decode()
    assert "15 of at most 15" in page
    assert "Comment 19" in page


def test_a_manual_item_is_confirmed_with_a_note_and_a_file(client: Client, integration: Integration) -> None:
    item = item_of(integration, "domain-owned")
    file = SimpleUploadedFile("whois.txt", b"Registrant: Kestrel")
    there = at(integration, "items", item.public_id)
    page = client.post(f"{there}/confirm", {"note": "whois says so", "version": 1, "file": file}, follow=True)
    item.refresh_from_db()
    assert (item.state, item.note) == ("done", "whois says so")
    assert "whois.txt" in page.content.decode()
    client.post(f"{there}/reopen", {"note": "It was sold", "version": item.version})
    item.refresh_from_db()
    assert item.state == "open"


def test_a_file_with_a_script_inside_is_only_ever_a_download(client: Client, integration: Integration) -> None:
    script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(document.cookie)</script></svg>"
    client.post(at(integration, "files"), {"file": SimpleUploadedFile('a"\r\nb<script>.svg', script, "text/html")})
    kept = Attachment.objects.get()
    answer = client.get(at(integration, "files", kept.public_id))
    assert answer.content == script
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "<script>" not in client.get(at(integration)).content.decode()


def test_a_web_page_and_a_file_that_is_too_large_are_refused(client: Client, integration: Integration) -> None:
    for content in (b"<html><script>1</script></html>", b"x" * (10 * 1024 * 1024 + 1)):
        client.post(at(integration, "files"), {"file": SimpleUploadedFile("x.png", content, "image/png")})
    assert not Attachment.objects.exists()


def test_files_of_another_integration_are_not_found(client: Client, integration: Integration) -> None:
    client.post(at(integration, "files"), {"file": SimpleUploadedFile("a.txt", b"ours")})
    client.post("/onboarding/new", BEGIN | {"domain": "example.org"})
    other = Integration.objects.exclude(pk=integration.pk).get()
    assert client.get(at(other, "files", Attachment.objects.get().public_id)).status_code == 404


def test_the_request_is_written_from_what_is_registered_and_sent_by_hand_with_its_answer(
    client: Client, integration: Integration
) -> None:
    page = client.post(at(integration, "letters"), {"kind": "request"}, follow=True).content.decode()
    letter = Letter.objects.get()
    for word in (
        "111111111111",
        "222222222222",
        "apn@example.com",
        "eu-west-1, us-east-1",
        "aws.partner/example.com.test",
    ):
        assert word in letter.body
    assert (letter.to, letter.reply_to) == ("eventbridge-partners@amazon.com", "manager@example.com")
    assert "mailto:eventbridge-partners@amazon.com?cc=apn%40example.com&amp;subject=" in page

    there = at(integration, "letters", letter.public_id)
    moment = (timezone.now() - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M")
    client.post(f"{there}/sent-by-hand", {"version": 1, "sent_at": moment})
    client.post(f"{there}/answer", {"sender": "Ana", "text": "Enabled <b>now</b>", "received_at": moment})
    page = client.get(there).content.decode()
    assert "AWS answered" in page
    assert "Enabled &lt;b&gt;now&lt;/b&gt;" in page


def test_a_request_that_lacks_something_says_what(client: Client, integration: Integration) -> None:
    Profile.objects.update(company="", partner_emails=[])
    answer = client.post(at(integration, "letters"), {"kind": "request"}, follow=True)
    assert "the company, an APN partner e-mail address" in said(answer)


def test_a_letter_that_two_people_write_keeps_both_texts(client: Client, integration: Integration) -> None:
    client.post(at(integration, "letters"), {"kind": "other", "stage": "3"})
    letter = Letter.objects.get()
    there = at(integration, "letters", letter.public_id)
    draft = {"to": letter.to, "subject": letter.subject, "version": 1}
    client.post(f"{there}/draft", draft | {"body": "The first text"})
    answer = client.post(f"{there}/draft", draft | {"body": "The second text"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "The first text" in page
    assert "The second text" in page


@pytest.mark.parametrize(("backend", "warned"), [("console", True), ("smtp", False)])
def test_a_letter_says_where_mails_reach_nobody(
    client: Client, integration: Integration, settings: Any, backend: str, warned: bool
) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    client.post(at(integration, "letters"), {"kind": "other"})
    page = client.get(at(integration, "letters", Letter.objects.get().public_id)).content.decode()
    assert ("Mails do not leave this machine" in page) is warned


def test_a_letter_that_failed_offers_the_way_by_hand(client: Client, integration: Integration) -> None:
    client.post(at(integration, "letters"), {"kind": "other"})
    Letter.objects.update(state="failed", failure="There is no mail server (EMAIL_URL).")
    there = at(integration, "letters", Letter.objects.get().public_id)
    page = client.get(there).content.decode()
    assert "Open in my mail client" in page
    assert "Throw it away" not in page
    client.post(f"{there}/sent-by-hand", {"version": 1, "sent_at": "2026-01-02T10:00"})
    assert Letter.objects.get().sent_way == "by_hand"


def test_a_letter_is_queued_and_shows_it(client: Client, integration: Integration) -> None:
    client.post(at(integration, "letters"), {"kind": "other"})
    letter = Letter.objects.get()
    there = at(integration, "letters", letter.public_id)
    draft = {"to": letter.to, "subject": letter.subject, "version": 1, "body": "Hello", "send": "1"}
    page = client.post(f"{there}/draft", draft, follow=True).content.decode()
    letter.refresh_from_db()
    assert letter.state == "queued"
    assert "On its way to the mail server" in page
    client.post(f"{there}/withdraw")
    letter.refresh_from_db()
    assert letter.state == "draft"


def test_a_stage_opens_before_its_turn_only_with_a_reason(client: Client, integration: Integration) -> None:
    there = at(integration, "stages/3/open")
    client.post(there, {"reason": " "})
    stage = Stage.objects.get(integration=integration, number=3)
    assert stage.opened_at is None
    client.post(there, {"reason": "AWS asked for it"})
    stage.refresh_from_db()
    assert (stage.opened_by, stage.opened_because) == ("manager@example.com", "AWS asked for it")
    assert "AWS asked for it" in client.get(at(integration) + "?stage=3").content.decode()


def test_the_catalogue_is_written_and_read(client: Client, integration: Integration) -> None:
    new = {"name": "Order placed", "schema": '{"type": "object"}', "sample": '{"id": 1}'}
    client.post(at(integration, "event-types/new"), new)
    kept = CataloguedType.objects.get()
    assert (kept.schema, kept.sample) == ({"type": "object"}, {"id": 1})
    page = save(client, at(integration, "event-types", kept.public_id), {"name": "x", "schema": "[1"}).content.decode()
    assert "The schema is not JSON" in page
    assert "1 of at most 15 event types" in client.get(at(integration, "event-types")).content.decode()
    asked = client.get(at(integration, "event-types", kept.public_id, "remove")).content.decode()
    assert "Its description, schema and sample are gone then." in asked
    client.post(at(integration, "event-types", kept.public_id, "remove"))
    assert not CataloguedType.objects.exists()


def test_registration_is_edited_and_an_item_is_assigned_and_handed_over(
    client: Client, integration: Integration, manager: User
) -> None:
    entered = {
        "namespace": "aws.partner/example.com.test",
        "publisher_account": "333333333333",
        "receiver_accounts": "222222222222",
        "regions": "eu-west-1",
    }
    save(client, at(integration, "environments/test"), entered)
    assert Environment.objects.get(kind="test").publisher_account == "333333333333"

    item, other = (
        item_of(integration, "domain-owned"),
        User.objects.create_user("other@example.com", staff_role="manager"),
    )
    there = at(integration, "items", item.public_id, "assign")
    client.post(there, {"assignee": manager.public_id, "due_on": "2026-12-24", "version": 1})
    save(client, at(integration, "hand-over"), {"lead": other.public_id, "note": "I am away"})
    item.refresh_from_db()
    assert (item.assignee, str(item.due_on)) == (other, "2026-12-24")
    assert Profile.objects.get().lead == other
    assert "I am away" in client.get(at(integration, "timeline")).content.decode()


def test_an_archived_integration_leaves_the_board_and_comes_back(client: Client, integration: Integration) -> None:
    client.post(at(integration, "archive"), {"reason": "sold"})
    assert "No integration is on its way" in client.get("/onboarding/board").content.decode()
    assert "Orders" in client.get("/onboarding/board?archived=1").content.decode()
    client.post(at(integration, "archive"))
    assert "Orders" in client.get("/onboarding/board").content.decode()


@pytest.mark.parametrize(
    "page",
    ["edit", "environments/test", "receiver", "hand-over", "archive", "approval", "event-types/new", "development"],
)
def test_every_form_opens(client: Client, integration: Integration, page: str) -> None:
    assert client.get(at(integration, page)).status_code == 200


def test_development_offers_what_can_be_done_from_here(client: Client, integration: Integration) -> None:
    page = client.post(at(integration, "development/create"), {"region": "eu-west-1"}, follow=True).content.decode()
    assert "partnerbus-onboarding" in page or "orders-test-tenant" in page
    assert "Publish a test event" in page
    assert "aws events create-event-bus" in page
    assert client.get(at(integration, "development/kit/cli")).status_code in (200, 404)


def test_an_item_is_checked_on_demand(client: Client, integration: Integration) -> None:
    item = item_of(integration, "test-registered")
    page = client.post(at(integration, "items", item.public_id, "check"), follow=True).content.decode()
    assert "Holds." in page
    assert "aws.partner/example.com.test" in page


def test_support_reads_and_is_offered_nothing_to_press(integration: Integration) -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("support@example.com", staff_role="support"))
    page = browser.get(at(integration)).content.decode()
    main = page.partition("<main")[2]
    assert "Domain" in main
    assert '<form method="post"' not in main


def test_every_item_that_facts_prove_leads_to_the_page_on_which_they_are_made(
    client: Client, integration: Integration
) -> None:
    for item in ChecklistItem.objects.filter(stage__integration=integration).select_related("stage__integration"):
        place = place_of_work(item)
        assert place or item.proof == "manual", item.key
        if place:
            assert client.get(place.url).status_code == 200
    page = client.get(at(integration, "items", item_of(integration, "icon-shown").public_id)).content.decode()
    assert '<a class="btn" href="/onboarding/orders/go-live">To going live</a>' in page
