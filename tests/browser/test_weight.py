"""How much a page weighs and whether anything on it jumps: a real browser, the product as it runs, full lists."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from launcher import stack as launched
from launcher.stack import ROOT, Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST, REPEATED = 300_000, 30_000  # bytes as they cross the network, headers included
# What a page moves by itself it moves at every visit. On a busy machine a font may come late, and a long table arrives
# in parts and widens its columns: up to 0.013 was seen of that.
TRIES = 3
STILL = 0.02  # of layout shift; up to 0.1 counts as good
WIDTHS = (360, 1440)
SEED = ("--tenants", "100", "--sources", "200", "--events", "20000", "--changes", "10")
PAGES_OF_STAFF = (
    "/",
    "/operators/tenants",
    "/operators/sources",
    "/operators/events",
    "/operators/replays",
    "/operators/drift",
    "/operators/audit-log",
    "/operators/health",
    "/operators/keys",
    "/operators/integrations",
    "/operators/environments",
    "/operators/notifications",
    "/onboarding/board",
    "/onboarding/kestrel/validation",
    "/operators/style",
)
SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(entry => {
  if (!entry.hadRecentInput)
    window.shifts.push([entry.value, entry.sources.map(each => each.node?.outerHTML?.slice(0, 80))]);
})).observe({type: "layout-shift", buffered: true});
"""


@dataclass(frozen=True)
class Seen:
    """A visit: the bytes that crossed the network, and what moved."""

    path: str
    bytes: int
    shifts: list[tuple[float, list[str]]]

    @property
    def moved(self) -> float:
        return sum(value for value, _ in self.shifts)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The demo world and a small seed, so that every list has a full page."""
    with launched.running(environment={"PARTNERBUS_DEMO": "1", "PARTNERBUS_DEMO_TRAFFIC": "0"}) as running:
        command = [sys.executable, "manage.py", "seed", *SEED]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **running.environment}, check=True)
        yield running


def test_pages_are_light_the_first_time_lighter_again_and_nothing_jumps(browser: Browser, stack: Stack) -> None:
    problems: list[str] = []
    for width in WIDTHS:
        signed_in = _sign_in(browser, stack.web_url, width)
        state = signed_in.storage_state()
        portal = _portal_of(signed_in, stack.web_url)
        paths = ["/accounts/login", *PAGES_OF_STAFF, portal, f"{portal}deliveries", f"{portal}members"]
        for path in paths:
            known = None if path == "/accounts/login" else state
            for _ in range(TRIES):
                context = browser.new_context(storage_state=known, viewport={"width": width, "height": 900})
                first, again = (_visit(context, f"{stack.web_url}{path}") for _ in range(2))
                context.close()
                if first.moved < STILL and again.moved < STILL:
                    break
            print(  # noqa: T201 - the figures
                f"{width:5} {first.bytes:8,} {again.bytes:8,} {first.moved:.5f} {again.moved:.5f} {path}"
            )
            if first.bytes >= FIRST or first.moved >= STILL:
                problems.append(f"{width} the first time {first}")
            if again.bytes >= REPEATED or again.moved >= STILL:
                problems.append(f"{width} again {again}")
        signed_in.close()
    assert problems == []


def _sign_in(browser: Browser, url: str, width: int) -> BrowserContext:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{url}/accounts/login")
    page.get_by_label("E-mail").fill("ops@demo.test")
    page.get_by_label("Password").fill("partnerbus-demo")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{url}/")
    return context


def _portal_of(context: BrowserContext, url: str) -> str:
    """Return the path of the portal of the demo's first tenant."""
    page = context.new_page()
    page.goto(f"{url}/operators/tenants?q=Alder+Logistics")
    link = page.locator("main a[href*='/operators/tenants/']", has_text="Alder Logistics").first
    tenant = str(link.get_attribute("href")).rstrip("/").rsplit("/", 1)[-1]
    return f"/portal/{tenant}/"


def _visit(context: BrowserContext, url: str) -> Seen:
    page = context.new_page()
    page.add_init_script(SHIFTS)
    received = _listen(page)
    page.goto(url, wait_until="load")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(500)  # what comes late would be seen now
    shifts = page.evaluate("window.shifts")
    page.close()
    return Seen(url, sum(received), shifts)


def _listen(page: Page) -> list[int]:
    received: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    return received
