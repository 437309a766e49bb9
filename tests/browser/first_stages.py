"""Stages 1 and 2 through the pages, and finishing a stage: what facts prove is looked at, the rest confirmed."""

import re

from playwright.sync_api import Page, expect

from launcher.stack import Stack
from tests.browser.journey import call, key_of, press, reload_until, title
from tests.onboarding.mail_server import MailServer

REGION, SECOND, SENDER, RECEIVER = "eu-west-1", "us-east-1", "111111111111", "222222222222"
OWN_TENANT = "partnerbus-onboarding"


def request_the_account(page: Page, mail: MailServer, one: str) -> None:
    """Send the letter of stage 1, read what arrived, and write AWS's approval down."""
    page.goto(one)
    press(page, "Write the request")
    title(page, "A draft to AWS")
    press(page, "Store and send")
    reload_until(page, "Sent, no answer yet")
    message = next(each for each in mail.messages if "test account" in str(each["Subject"]))
    assert message["To"] == "eventbridge-partners@amazon.com"
    assert message["Cc"] == "apn@example.com"
    for told in (SENDER, RECEIVER, REGION, SECOND, "example.com", "apn@example.com", "order.created"):
        assert told in message.get_content()
    page.goto(f"{one}/approval")
    press(page, "Record the approval and probe")
    expect(page.get_by_text(re.compile("AWS lets us use the namespace|AWS is being asked just now"))).to_be_visible()


def develop(page: Page, one: str) -> None:
    """Take AWS's four steps on the test tenant, in two regions."""
    here = f"{one}/development"
    for region in (REGION, SECOND):
        page.goto(here)
        page.locator("#region").select_option(region)
        press(page, "Create the source")
    reload_until(page, "AWS says PENDING")
    press(page, "Publish a test event")
    reload_until(page, "AWS accepted an event")
    press(page, "Make bus and rule in the receiver account")
    expect(page.get_by_text("Bus and rule are made in the receiver account.")).to_be_visible()
    reload_until(page, "AWS says ACTIVE")
    press(page, "Publish a test event")
    page.get_by_role("link", name="Check the queue").click()
    look_until(page, "arrived at the receiver's queue")


def have_a_bad_day(page: Page, stack: Stack, one: str) -> None:
    """Let AWS refuse every second entry of a batch, and take what is sent again."""
    key = key_of(stack, "orders", "test")
    faults = f"{stack.sandbox_url}/_sandbox/faults"
    events = [
        {"tenant": OWN_TENANT, "type": "order.created", "id": f"order-{number}", "detail": {"number": number}}
        for number in range(20)
    ]
    call("POST", faults, {"entry_failure_every": 2})
    assert call("POST", f"{stack.web_url}/api/v1/events", {"events": events}, key) == 202
    open_item(page, one, 2, "The result of every entry is inspected")
    look_until(page, "refused in one call, each recorded")
    call("POST", faults, {})
    open_item(page, one, 2, "Only entries that can succeed are sent again")
    look_until(page, "sent again alone, accepted")


def finish_stage(page: Page, one: str, number: int) -> None:
    """Have every item of the stage looked at that proves itself, and confirm the others by hand."""
    here = f"{one}?stage={number}"
    page.goto(here)
    for address in page.locator(".check li.off h3 a").evaluate_all("links => links.map(link => link.href)"):
        page.goto(address)
        if page.get_by_label("How is it known?").count():
            page.get_by_label("How is it known?").fill("Seen with our own eyes.")
            press(page, "Confirm it")
        else:
            look_until(page, "Holds")
    page.goto(here)
    expect(page.get_by_text(re.compile(r"^(\d+) of \1 hold$"))).to_be_visible()


def open_item(page: Page, one: str, stage: int, name: str) -> None:
    page.goto(f"{one}?stage={stage}")
    page.get_by_role("link", name=name, exact=True).click()


def look_until(page: Page, words: str) -> None:
    """Have the facts looked at until they prove it."""
    for _ in range(40):
        press(page, "Check now")
        expect(page.get_by_text("The facts were looked at just now.")).to_be_visible()
        if page.get_by_role("main").get_by_text(words).count():
            return
        page.wait_for_timeout(1_000)
    raise AssertionError(f"The facts never proved: {words}. It says: {page.get_by_role('main').inner_text()[:500]}")
