"""From an empty installation to going live, through the pages in a real browser, against the simulator.

Nothing is played but AWS's own people: the letter is read from a mail server on loopback, the PDF is parsed back, the
calendar file is read by a library, and expiry comes by moving the simulator's clock.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator

import icalendar
import pytest
from playwright.sync_api import Browser, Page, expect

from launcher import stack as launched
from launcher.stack import Stack
from tests.browser.first_stages import (
    RECEIVER,
    REGION,
    SECOND,
    SENDER,
    develop,
    finish_stage,
    have_a_bad_day,
    request_the_account,
)
from tests.browser.journey import call, downloaded, key_of, manage, press, reload_until, squeezed, text_of, title
from tests.onboarding.mail_server import MailServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 120_000  # milliseconds
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="60"><rect width="300" height="60" fill="#2b4acb"/>'
    '<text x="10" y="35" fill="#fff">Shop to partner source</text></svg>'
)
ANSWERS = {
    "summary": "Orders reach warehouses at once. 你好, Grüße.",
    "technical_contact": "Ada, ada@example.com",
    "expected_events": "250000",
    "largest_event": "20000",
    "delivery": "Stored, batched, retried.",
    "credentials": "A role, assumed.",
    "monitoring": "Alarms.",
    "set_up": "They give an account id.",
    "landing_page": "https://example.com/eventbridge",
    "partner_email": "apn@example.com",
    "event_types": "order.created",
}


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def stack(mail: MailServer) -> Iterator[Stack]:
    with launched.running(environment={"EMAIL_URL": f"smtp://127.0.0.1:{mail.port}"}) as stack:
        yield stack


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(reduced_motion="reduce", viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield context.new_page()
    context.close()
    expect.set_options(timeout=5_000)


def become_administrator(page: Page, stack: Stack) -> None:
    link = re.search(r"http\S+", manage(stack, "create_admin", "--link"))
    assert link
    page.goto(link[0])
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("birch-bark-and-copper")
    press(page, "Create administrator")
    page.wait_for_url(f"{stack.web_url}/**")


def register(page: Page, stack: Stack) -> str:
    """Begin the integration by its form and return its id."""
    page.goto(f"{stack.web_url}/onboarding/new")
    for label, value in {
        "Product": "Orders",
        "Company": "Orders Ltd",
        "Domain": "example.com",
        "Sender account (AccountID1)": SENDER,
        "Receiver account (AccountID2)": RECEIVER,
        "Regions": f"{REGION}, {SECOND}",
        "APN partner e-mail addresses": "apn@example.com",
        "Page that customers set up from": "https://example.com/eventbridge",
        "Event types": "order.created",
    }.items():
        page.get_by_label(label, exact=False).first.fill(value)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(re.compile(r"/onboarding/integrations/[0-9a-f-]{36}$"))
    return page.url.rpartition("/")[2]


def name_the_receiver(page: Page, stack: Stack, integration: str) -> None:
    """Configure the role of the receiving account, by which its side of the run is played from here."""
    page.goto(f"{stack.web_url}/onboarding/integrations/{integration}/receiver")
    page.get_by_label("Role in the receiver account").fill(f"arn:aws:iam::{RECEIVER}:role/receiver")
    page.get_by_label("Queue that the rule sends to").fill(f"{stack.sandbox_url}/{RECEIVER}/orders")
    press(page, "Store")
    page.wait_for_url("**/development")


def let_an_offer_expire(page: Page, stack: Stack, base: str) -> None:
    page.goto(f"{base}/validation")
    press(page, "Offer a source that nobody accepts")
    expect(page.get_by_text(re.compile("waits for nobody"))).to_be_visible()
    reload_until(page, "waits for nobody and expires")
    call("POST", f"{stack.sandbox_url}/_sandbox/clock", {"advance_seconds": 1_728_000})
    reload_until(page, "AWS let .* expire")


def fill_the_questionnaire(page: Page, base: str) -> None:
    page.goto(f"{base}/questionnaire")
    press(page, "Begin the questionnaire")
    expect(page.locator("#answer-company_name")).to_have_value("Orders Ltd")
    for key, value in ANSWERS.items():
        answer = page.locator(f"#answer-{key}")
        if answer.input_value() == value:
            continue  # the integration knows it
        with page.expect_response(lambda stored, key=key: stored.url.endswith(f"/answers/{key}")):
            answer.fill(value)
            answer.blur()
    for key in ("personal_data", "availability"):
        with page.expect_response(lambda answer, key=key: answer.url.endswith(f"/answers/{key}")):
            page.locator(f"#answer-{key}").select_option(index=1)
    with page.expect_response(lambda answer: answer.url.endswith("/answers/use_case_list")):
        page.get_by_label("Automation of workflows").check()
    with page.expect_response(lambda answer: answer.url.endswith("/answers/diagram")):
        page.locator("#diagram input[type=file]").set_input_files(
            {"name": "architecture.svg", "mimeType": "image/svg+xml", "buffer": SVG.encode()}
        )
    page.reload()
    title(page, "Everything is answered")


def send_it(page: Page, mail: MailServer) -> None:
    page.get_by_role("button", name=re.compile("Approve revision")).click()
    title(page, "The questionnaire is approved")
    pdf = text_of(downloaded(page, "PDF"))
    for answer in ANSWERS.values():
        assert squeezed(answer.replace("你好", "")) in pdf.replace("你好", "")
    assert squeezed("Shop to partner source") in pdf
    press(page, "Draft the letter to AWS")
    press(page, "Send to AWS")
    reload_until(page, "Paste AWS's answer")
    message = next(each for each in mail.messages if "questionnaire" in str(each["Subject"]).lower())
    assert message["To"] == "eventbridge-partners@amazon.com"
    enclosures = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
    assert enclosures["architecture.svg"] in (SVG, SVG.encode())
    attached = next(content for name, content in enclosures.items() if name.endswith(".pdf"))
    assert text_of(attached) == pdf
    page.get_by_text("Paste AWS's answer").click()
    page.get_by_label("Text", exact=True).fill("Tuesday, 9 o'clock in Seattle.")
    press(page, "Keep the answer")
    expect(page.get_by_text("Tuesday, 9 o'clock in Seattle.")).to_be_visible()


def agree_on_a_date(page: Page, base: str) -> None:
    page.goto(f"{base}/validation")
    page.get_by_label("Date and time").fill("2037-04-07T09:00")
    page.get_by_label("Time zone").select_option("America/Los_Angeles")
    press(page, "Keep the date")
    title(page, "09:00 America/Los_Angeles (16:00 UTC)")
    event = icalendar.Calendar.from_ical(downloaded(page, "Calendar file")).walk("VEVENT")[0]
    assert f"{event.decoded('DTSTART'):%Y-%m-%dT%H:%MZ}" == "2037-04-07T16:00Z"


def run_through(page: Page, base: str, kind: str) -> None:
    """Let the whole flow run by itself, and record that it passed."""
    page.goto(f"{base}/validation")
    page.get_by_label(kind).check()
    press(page, "Start the run")
    title(page, "All steps are taken")
    press(page, "It passed")
    title(page, f"{kind}: passed")


def demonstrate(page: Page, base: str) -> None:
    run_through(page, base, "Demonstration to AWS")
    page.get_by_role("link", name="Report", exact=True).click()
    report = downloaded(page, "JSON")
    digest = hashlib.sha256(report).hexdigest()
    expect(page.get_by_text(digest)).to_be_visible()
    assert digest in text_of(downloaded(page, "PDF"))
    steps = {step["key"]: step for step in json.loads(report)["steps"]}
    assert {step["proof"] for key, step in steps.items() if key != "expiry"} == {"live"}
    assert steps["expiry"]["proof"] == "earlier"
    assert steps["publish_pending"]["evidence"]["state_of_source"] == "PENDING"
    assert steps["receive"]["evidence"]["received"]["account"] == RECEIVER


def go_live(page: Page, base: str) -> None:
    page.goto(f"{base}/go-live")
    title(page, "Orders is not live")
    press(page, "Check, and go live")
    title(page, "Orders is live")
    page.get_by_label("Icon shown since").fill("2026-01-15")
    page.get_by_label("AWS's page about us").fill("https://console.aws.amazon.com/events/home#/partners/example.com")
    press(page, "Write it down")
    expect(page.get_by_role("link", name="AWS's page about us")).to_be_visible()


def connect_a_tenant(stack: Stack, slug: str) -> None:
    key, api = key_of(stack, slug, "production"), f"{stack.web_url}/api/v1"
    assert call("PUT", f"{api}/tenants/alder", {"name": "Alder"}, key) == 201
    assert call("POST", f"{api}/tenants/alder/sources", {"account": RECEIVER, "region": REGION}, key) == 202


def test_an_integration_goes_from_an_empty_installation_to_live(stack: Stack, mail: MailServer, page: Page) -> None:
    become_administrator(page, stack)
    integration = register(page, stack)
    one, base = (f"{stack.web_url}/onboarding/{part}{integration}" for part in ("integrations/", ""))
    request_the_account(page, mail, one)
    finish_stage(page, one, 1)
    name_the_receiver(page, stack, integration)
    develop(page, one)
    have_a_bad_day(page, stack, one)
    let_an_offer_expire(page, stack, base)
    run_through(page, base, "Rehearsal")
    finish_stage(page, one, 2)
    fill_the_questionnaire(page, base)
    send_it(page, mail)
    agree_on_a_date(page, base)
    finish_stage(page, one, 3)
    demonstrate(page, base)
    go_live(page, base)
    finish_stage(page, one, 4)
    connect_a_tenant(stack, "orders")
    if shots := os.environ.get("SHOTS"):
        keep_pictures(page, one, base, shots)


def keep_pictures(page: Page, one: str, base: str, folder: str) -> None:
    for address in (
        one,
        f"{one}/development",
        *(f"{base}/{name}" for name in ("questionnaire", "validation", "go-live")),
    ):
        page.goto(address)
        page.screenshot(path=f"{folder}/journey-{address.rpartition('/')[2][:13]}.png", full_page=True)
