"""What changes at AWS is shown within ten seconds on open pages of a source that waits, on the running product."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from playwright.sync_api import Browser, Page, expect

from launcher import stack as launched
from launcher.stack import ROOT, Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]  # it needs the machine for itself
REGION, SENDER, RECEIVER = "eu-west-1", "111111111111", "222222222222"
SECONDS = 10.0
DAY = 86_400
WAITING = re.compile("Waiting for your AWS admin|Accept events of")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with launched.running() as stack:
        named = ("--test-namespace", "aws.partner/example.com.test", "--publisher-account", SENDER)
        manage(stack, "create_integration", "orders", "Orders", *named, "--regions", REGION)
        yield stack


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def manage(stack: Stack, *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=True)
    return done.stdout


class Scene:
    """A tenant with one source that waits, the pages on which somebody looks at it, and its AWS account."""

    def __init__(self, stack: Stack, page: Page, tenant: str) -> None:
        self.stack = stack
        self.key = json.loads(manage(stack, "create_key", "orders", "test", tenant, "--json"))["key"]
        self.call("PUT", f"tenants/{tenant}", {"name": tenant.title()})
        sources = f"tenants/{tenant}/sources"
        source = self.call("POST", f"{sources}?wait=10", {"account": RECEIVER, "region": REGION})
        self.name = source["name"]
        session = {"role": "viewer", "email": "ada@example.com", "name": "Ada"}
        portal = self.call("POST", f"tenants/{tenant}/portal-sessions", session)["url"]
        hand_off = self.call("POST", f"{sources}/{source['id']}/hand-off-links", {})["url"]
        self.pages = [self.opened(page, portal), self.opened(page.context.new_page(), hand_off)]

    def call(self, method: str, path: str, body: object) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the address is the stack's
            f"{self.stack.web_url}/api/v1/{path}",
            method=method,
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def opened(self, page: Page, address: str) -> Page:
        page.goto(address)
        button = page.locator("main form button[type=submit]")
        if "/portal-link/" in page.url and button.count():  # looking at a link does not use it up
            button.first.click()
            page.wait_for_url(re.compile(r"/portal/"))
        expect(page.locator("#status")).to_be_visible(timeout=30_000)
        return page

    def pending_everywhere(self) -> None:
        for page in self.pages:
            expect(page.get_by_role("heading", level=1)).to_contain_text(WAITING, timeout=30_000)
            page.wait_for_timeout(2_000)  # not in the first moment, when every question is about to be asked anyway

    def seconds_until(self, words: re.Pattern[str], change: Callable[[], object]) -> list[float]:
        """Let something change at AWS; return after how long each page said so without being touched."""
        self.pending_everywhere()
        change()
        began = time.monotonic()
        took = []
        for page in self.pages:
            expect(page.get_by_role("heading", level=1)).to_contain_text(words, timeout=60_000)
            took.append(round(time.monotonic() - began, 1))
        return took

    def accept(self) -> None:
        keys = {"aws_access_key_id": RECEIVER, "aws_secret_access_key": "any", "region_name": REGION}
        events = boto3.client("events", endpoint_url=self.stack.sandbox_url, **keys)
        events.create_event_bus(Name=self.name, EventSourceName=self.name)

    def expire(self) -> None:
        request = urllib.request.Request(  # noqa: S310 - the address is the simulator's
            f"{self.stack.sandbox_url}/_sandbox/clock",
            json.dumps({"advance_seconds": 30 * DAY}).encode(),
            method="POST",
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def test_an_acceptance_is_shown_on_open_pages_in_time(stack: Stack, page: Page) -> None:
    scene = Scene(stack, page, "alder")
    took = scene.seconds_until(re.compile("Connected"), scene.accept)
    assert max(took) < SECONDS, took


def test_an_expiry_is_shown_on_open_pages_in_time(stack: Stack, page: Page) -> None:
    scene = Scene(stack, page, "birch")
    took = scene.seconds_until(re.compile("expired|has ended"), scene.expire)
    assert max(took) < SECONDS, took
