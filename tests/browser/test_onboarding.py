"""The pages of partner managers in a browser: both themes, from a phone to a desk, without a violation of WCAG."""

import os
from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.onboarding_scene import Scene, set_the_scene
from tests.browser.test_pages import check
from tests.dashboard.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("store")]

Visit = Callable[..., Visitor]
# Every day half of the combinations suffices to notice what breaks.
LOOKS = [
    ("light", 1440),
    ("dark", 360),
    pytest.param("light", 360, marks=pytest.mark.slow),
    pytest.param("dark", 1440, marks=pytest.mark.slow),
]


@pytest.fixture
def way(cast: Cast, now: datetime) -> Scene:
    manager = cast.people["manager"]
    assert manager
    return set_the_scene(manager, now)


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_pages_of_onboarding_are_accessible_and_fit(visit: Visit, way: Scene, theme: str, width: int) -> None:
    visitor = visit(color_scheme=theme, viewport={"width": width, "height": 900})
    visitor.enter("manager")
    faults = {path: fault for number, path in enumerate(way.paths) if (fault := look_at(visitor, path, number))}
    assert not faults, "\n\n".join(f"{path}\n{fault}" for path, fault in faults.items())


def look_at(visitor: Visitor, path: str, number: int) -> str:
    """Return what is wrong with a page, so that one run tells of all pages; with SHOTS its picture is kept there."""
    page = visitor.open(path)
    if shots := os.environ.get("SHOTS"):
        page.screenshot(path=f"{shots}/{number:02}-{page.viewport_size['width']}.png", full_page=True)
    try:
        check(page)
    except AssertionError as fault:
        return str(fault)[:2_000]
    return ""


def test_an_answer_that_could_not_be_stored_says_so_and_stays(visit: Visit, way: Scene) -> None:
    visitor = visit()
    visitor.enter("manager")
    page = visitor.open("/onboarding/orders/questionnaire")
    answer, said = page.locator("#answer-summary"), page.locator("#state-summary [role=status]")
    page.context.set_offline(True)
    answer.fill("Typed while the network was away")
    answer.blur()
    expect(said).to_contain_text("Not stored. The server cannot be reached")
    expect(answer).to_have_value("Typed while the network was away")
    page.context.set_offline(False)
    answer.evaluate(
        "answer => { answer.value = 'a\\0b'; answer.dispatchEvent(new Event('change', { bubbles: true })); }"
    )
    expect(said).to_contain_text("Not stored. It holds a NUL")
    answer.fill("Orders reach warehouses at once.")
    answer.blur()
    expect(said).to_contain_text("Stored.")
    visitor.complaints.clear()  # Chromium tells of both refusals, which were wanted
