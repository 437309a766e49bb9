"""The pages of partner managers in a browser: both themes, from a phone to a desk, without a violation of WCAG."""

import os
from collections.abc import Callable
from datetime import datetime

import pytest

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
    for number, path in enumerate(way.paths):
        page = visitor.open(path)
        if shots := os.environ.get("SHOTS"):
            page.screenshot(path=f"{shots}/{number:02}-{theme}-{width}.png", full_page=True)
        check(page)
