"""The simulator's console in a browser: both themes, a narrow and a wide window, without a script."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.sandbox.started import ALDER, NAME, REGION, Sandbox, World

pytestmark = pytest.mark.browser


@pytest.fixture
def world() -> Iterator[World]:
    sandbox = Sandbox()
    yield World(sandbox)
    sandbox.stop()


def test_a_source_is_accepted_by_a_press_and_the_page_is_sound_in_every_look(browser: Browser, world: World) -> None:
    world.connected()
    world.put('{"n": 1}')
    world.offer(f"{NAME}-2")
    world.faults(throttle_rate=0.2)
    complaints: list[str] = []
    for scheme, width in (("light", 1440), ("dark", 360)):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{world.sandbox.url}/_sandbox/?account={ALDER}&region={REGION}")
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.close()
    assert complaints == []
    scriptless = browser.new_context(java_script_enabled=False)
    page = scriptless.new_page()
    page.goto(f"{world.sandbox.url}/_sandbox/?account={ALDER}&region={REGION}")
    page.get_by_role("button", name=f"Accept {NAME}-2", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("the source is ACTIVE")
    assert world.seen_by_partner(f"{NAME}-2") == "ACTIVE"
    scriptless.close()
