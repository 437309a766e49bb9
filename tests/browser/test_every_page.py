"""Every page of the URL configuration, in the demo world: accessible, in place, silent on the console, and pictured.

The pictures are written to `screenshots/`, to be looked at.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

from launcher import stack as launched
from launcher.stack import ROOT
from tests.browser.demo_world import DemoWorld
from tests.browser.page_walk import Visit, pages, visits_of
from tests.browser.pictures import picture
from tests.browser.test_pages import RULES
from tests.onboarding.mail_server import MailServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PICTURES = ROOT / "screenshots"


@pytest.fixture(scope="module")
def world(browser: Browser) -> Iterator[DemoWorld]:
    with MailServer() as mail:
        environment = {"PARTNERBUS_DEMO": "1", "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}"}
        with launched.running(environment=environment) as stack:
            yield DemoWorld(browser, stack, mail)


@pytest.fixture(scope="module")
def visits(world: DemoWorld) -> list[Visit]:
    return visits_of(world)


def faults_of(page: Page, visit: Visit) -> list[str]:
    """Return what is wrong with a page: its answer, what axe finds, and what reaches over the edge."""
    answer = page.goto(visit.path)
    found = Axe().run(page, options=RULES).response["violations"]
    faults = [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]
    if answer is None or answer.status >= 500:
        faults.append("no answer")
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*faults, *([f"{over} px too wide"] if over > 0 else [])]


def test_every_page_is_reached(visits: list[Visit]) -> None:
    """A new page has to be reachable by a link or a mail of the demo world, or be named in NO_PAGES with the reason."""
    assert pages() - {visit.route for visit in visits} == set()


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_sound(world: DemoWorld, visits: list[Visit], theme: str, width: int) -> None:
    faults: dict[str, list[str]] = {}
    windows: dict[str, Page] = {}
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # That a link is over is told with a status of 4xx, which Chromium writes to the console by itself.
        if message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text:
            complaints.append(message.text)

    look: dict[str, Any] = {"color_scheme": theme, "viewport": {"width": width, "height": 900}}
    for visit in visits:
        if visit.who not in windows:
            windows[visit.who] = world.open(visit.who, reduced_motion="reduce", **look).new_page()
            windows[visit.who].on("console", listen)
            windows[visit.who].on("pageerror", lambda error: complaints.append(str(error)))
        page = windows[visit.who]
        found = faults_of(page, visit) + complaints
        complaints.clear()
        picture(page, PICTURES / f"{visit.name}-{theme}-{width}.webp", tallest=16_000)
        if found:
            faults[f"{visit.name} {visit.path}"] = found
    for page in windows.values():
        page.context.close()
    assert faults == {}
