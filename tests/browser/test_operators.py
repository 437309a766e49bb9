"""The operators' frame in a browser: every page in both themes and sizes, the palette, dialogs."""

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations.registration.keys import issue_key
from integrations.registration.models import ApiKey
from integrations.sources.models import Source
from tenants.audit import Actor
from tests.browser.conftest import Visitor
from tests.browser.test_pages import check
from tests.dashboard.pages import change_gate

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("scene")]

Visit = Callable[..., Visitor]
PAGES = (
    "/operators/",
    "/operators/style",
    "/operators/audit-log",
    "/operators/health",
    "/operators/keys",
    "/operators/keys/new",
    "/operators/integrations",
    "/operators/search?q=alder",
    "/accounts",
)


@pytest.fixture
def key(scene: Source) -> ApiKey:
    return issue_key(environment=scene.environment, name="backend", actor=Actor.system("test"), now=timezone.now())[0]


# Each page in both themes and both sizes; every day half of the combinations suffices to notice what breaks.
LOOKS = [
    ("light", 1440),
    ("dark", 390),
    pytest.param("light", 390, marks=pytest.mark.slow),
    pytest.param("dark", 1440, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_operators_pages_are_accessible_and_fit(visit: Visit, theme: str, width: int, key: ApiKey) -> None:
    visitor = visit(color_scheme=theme, viewport={"width": width, "height": 900})
    visitor.enter("operations")
    for path in PAGES:
        check(visitor.open(path))


def test_the_palette_finds_and_opens_by_keyboard_alone(visit: Visit) -> None:
    visitor = visit()
    page = visitor.enter("support")
    page.keyboard.press("Control+k")
    box = page.get_by_role("dialog").get_by_role("searchbox")
    expect(box).to_be_focused()
    page.keyboard.type("audit")
    hit = page.locator("#palette-results [data-hit]")
    expect(hit).to_have_count(1)
    check(page)
    page.keyboard.press("ArrowDown")
    expect(hit).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/operators/audit-log")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_question_comes_as_a_dialog_and_says_what_was_done(visit: Visit, key: ApiKey) -> None:
    visitor = visit()
    visitor.enter("operations")
    page = visitor.open("/operators/keys")
    revoke = page.get_by_role("link", name="Revoke backend")
    revoke.click()
    dialog = page.get_by_role("dialog", name="Revoke backend?")
    expect(dialog).to_be_visible()
    check(page)
    dialog.get_by_role("link", name="Keep it").click()
    expect(dialog).to_be_hidden()
    expect(revoke).to_be_focused()
    revoke.click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke key").click()
    expect(page.locator(".toasts")).to_contain_text("backend is revoked")
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_the_title_of_the_window_follows_a_refresh(visit: Visit, scene: Source) -> None:
    visitor = visit()
    visitor.enter("support")
    page = visitor.open(f"/operators/sources/{scene.public_id}")
    before = page.title()
    change_gate(scene, observed="deleted")
    page.evaluate("document.querySelector('#status').dispatchEvent(new Event('refresh'))")
    expect(page).not_to_have_title(before)
    expect(page).to_have_title(re.compile("gone at AWS · Partnerbus$"))
