import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations.sources.models import Source
from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("scene")]

Visit = Callable[..., Visitor]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
THEMES = ["light", "dark"]


def check(page: Page) -> None:
    """No violation of WCAG 2.2 AA, and nothing to scroll to the side."""
    found = Axe().run(page, options=RULES)
    assert found.response["violations"] == [], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def ask_now(page: Page) -> int:
    """Let the live region refresh at once; return the status of the answer."""
    with page.expect_response(f"{page.url}") as answer:
        page.evaluate("document.querySelector('#status').dispatchEvent(new Event('refresh'))")
    return answer.value.status


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("theme", THEMES)
def test_all_pages_are_accessible_and_fit(visit: Visit, theme: str, width: int) -> None:
    window = {"color_scheme": theme, "viewport": {"width": width, "height": 900}}
    outside = visit(**window)
    for path in (
        "/accounts/login",
        "/accounts/password/reset",
        "/accounts/password/reset/1-forged-key",
        "/api/v1/docs",
    ):
        check(outside.open(path))
    assert outside.page.evaluate("document.documentElement.dataset.bsTheme") == theme
    for role in ("support", "tenant viewer", "stranger"):
        check(visit(**window).enter(role))


def test_a_sign_in_that_fails_is_announced_and_keeps_the_address(visit: Visit) -> None:
    page = visit().open("/accounts/login")
    page.get_by_label("E-mail").fill("nobody@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("E-mail")).to_have_value("nobody@example.com")
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Password")).to_have_accessible_description(re.compile("do not belong together"))
    expect(page).to_have_title("Could not sign in · Partnerbus")
    check(page)


def test_the_keyboard_goes_from_e_mail_to_password_and_only_then_to_the_reset(visit: Visit) -> None:
    page = visit().open("/accounts/login")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Password")).to_have_css("transition-duration", "0s")
    page.keyboard.press("Tab")
    reset = page.get_by_role("link", name="Forgotten?")
    expect(reset).to_be_focused()
    above, below = reset.bounding_box(), page.get_by_label("Password").bounding_box()
    assert above
    assert below
    assert above["y"] < below["y"]


def test_everything_works_without_javascript(visit: Visit) -> None:
    page = visit(java_script_enabled=False).sign_in("tenant viewer")
    expect(page.get_by_role("heading", level=1)).to_have_text("Waiting for your AWS admin to accept")
    expect(page.get_by_text("aws.partner/shop.example.com.test/alder/events").first).to_be_visible()
    expect(page.locator(".id-copy").first).to_be_hidden()
    expect(page.get_by_text(re.compile(r"^As of \d\d:\d\d:\d\d UTC$"))).to_be_visible()
    expect(page.get_by_text(" ago").first).to_be_hidden()
    expect(page.locator("time .still").first).to_be_visible()
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_the_menu_opens_on_a_phone_without_javascript(visit: Visit) -> None:
    page = visit(java_script_enabled=False, viewport={"width": 360, "height": 800}).enter("support")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    page.get_by_role("link", name="Open menu").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_the_live_region_stays_while_nothing_changes_and_changes_by_itself(visit: Visit, scene: Source) -> None:
    page = visit().enter("tenant viewer")
    title = page.get_by_role("heading", level=1)
    page.evaluate("document.querySelector('#status').dataset.mark = 'same'")
    assert ask_now(page) == 304
    expect(title).to_have_text("Waiting for your AWS admin to accept")
    assert page.evaluate("document.querySelector('#status').dataset.mark") == "same"
    Source.objects.filter(pk=scene.pk).update(observed="active")
    assert ask_now(page) == 200
    expect(title).to_have_text("Connected")
    expect(page).to_have_title("Connected · Partnerbus")
    expect(page.locator("#live")).to_have_text("Connected")


def test_the_region_asks_every_five_seconds_and_not_while_hidden(visit: Visit) -> None:
    page = visit().enter("support")
    with page.expect_response(page.url, timeout=8_000) as answer:
        pass
    assert answer.value.status == 304
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("document.querySelector('#status').dispatchEvent(new Event('refresh'))")
    page.wait_for_timeout(300)
    assert asked == []


def test_a_refresh_keeps_the_focus_and_leaves_a_selection_alone(visit: Visit) -> None:
    page = visit().enter("tenant viewer")
    copy = page.get_by_role("button", name="Copy ARN")
    copy.focus()
    with connection.cursor() as cursor:
        cursor.execute("insert into pending select source_id, uuidv7() from pending")
    assert ask_now(page) == 200
    expect(page.get_by_text("2 events are kept for you")).to_be_visible()
    expect(copy).to_be_focused()
    page.locator("h1").evaluate("heading => getSelection().selectAllChildren(heading)")
    with connection.cursor() as cursor:
        cursor.execute("delete from pending")
    assert ask_now(page) == 200
    expect(page.get_by_text("2 events are kept for you")).to_be_visible()


def test_that_aws_was_asked_again_shows_without_a_swap(visit: Visit, scene: Source) -> None:
    page = visit().enter("tenant viewer")
    page.evaluate("document.querySelector('#status').dataset.mark = 'same'")
    Source.objects.filter(pk=scene.pk).update(observed_at=timezone.now() - timedelta(minutes=9.5))
    assert ask_now(page) == 304
    expect(page.get_by_text("AWS says PENDING, asked 9 min ago")).to_be_visible()
    assert page.evaluate("document.querySelector('#status').dataset.mark") == "same"


def test_a_refresh_keeps_what_is_open(visit: Visit, scene: Source) -> None:
    Source.objects.filter(pk=scene.pk).update(failure_code="ThrottlingException", failure_message="Rate exceeded")
    page = visit().enter("support")
    page.get_by_text("AWS's words").click()
    with connection.cursor() as cursor:
        cursor.execute("insert into pending select source_id, uuidv7() from pending")
    cache.clear()
    assert ask_now(page) == 200
    expect(page.locator("#attention").get_by_text("2 events are held here")).to_be_visible()
    expect(page.get_by_text("Rate exceeded")).to_be_visible()


def test_a_refresh_keeps_what_was_just_copied(visit: Visit) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"]).enter("tenant viewer")
    page.get_by_role("button", name="Copy event source name").first.click()
    page.clock.install()
    with connection.cursor() as cursor:
        cursor.execute("insert into pending select source_id, uuidv7() from pending")
    assert ask_now(page) == 200
    page.clock.run_for(100)
    expect(page.get_by_text("2 events are kept for you")).to_be_visible()
    expect(page.locator(".id-copy.done")).to_have_count(1)


def test_a_refresh_keeps_a_command_where_it_was_scrolled_to(visit: Visit, scene: Source) -> None:
    Source.objects.filter(pk=scene.pk).update(name=f"{scene.name}/{'long-' * 12}")
    page = visit(viewport={"width": 800, "height": 900}).enter("tenant admin")
    command = page.get_by_label("AWS CLI commands", exact=True)
    command.evaluate("pre => pre.scrollTo({ left: 40 })")
    with connection.cursor() as cursor:
        cursor.execute("insert into pending select source_id, uuidv7() from pending")
    assert ask_now(page) == 200
    expect(page.get_by_text("2 events are kept for you")).to_be_visible()
    assert command.evaluate("pre => pre.scrollLeft") == 40


def test_signing_out_elsewhere_sends_the_open_page_to_sign_in(visit: Visit) -> None:
    page = visit().enter("support")
    page.context.clear_cookies()
    page.evaluate("document.querySelector('#status').dispatchEvent(new Event('refresh'))")
    page.wait_for_url("**/accounts/login")


def test_a_copy_button_copies_the_whole_arn_and_says_so(visit: Visit, scene: Source) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"]).enter("tenant viewer")
    page.get_by_role("button", name="Copy ARN").click()
    expect(page.locator("#live")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == scene.arn


def test_relative_times_stay_true_while_the_page_is_open(visit: Visit) -> None:
    page = visit().enter("support")
    time = page.locator("time[data-relative]").first
    words = time.locator(".moving")
    time.evaluate("time => { time.dateTime = new Date(Date.now() - 7.5 * 60000).toISOString(); }")
    expect(words).to_have_text("7 min ago")
    time.evaluate("time => { time.dateTime = new Date(Date.now() + 4.5 * 86400000).toISOString(); }")
    expect(words).to_have_text("in 4 d 11 h")


def test_on_paper_moments_are_absolute(visit: Visit) -> None:
    page = visit().enter("tenant viewer")
    expect(page.get_by_text("Refreshed")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_text("Refreshed")).to_be_hidden()
    expect(page.get_by_text(re.compile(r"^As of \d\d:\d\d:\d\d UTC$"))).to_be_visible()


@pytest.mark.parametrize("width", [600, 768, 1024, 1300])
def test_the_page_of_staff_is_whole_at_every_width(visit: Visit, width: int) -> None:
    page = visit(viewport={"width": width, "height": 900}).enter("support")
    check(page)
    cut = "card => card.scrollWidth - card.clientWidth"
    assert [card.evaluate(cut) for card in page.locator(".card").all()] == [0] * page.locator(".card").count()
    uncovered = """strip => {
      const rows = {};
      for (const tile of strip.children) {
        const box = tile.getBoundingClientRect();
        rows[box.top] = Math.max(rows[box.top] ?? 0, box.right);
      }
      return Math.max(...Object.values(rows).map(right => strip.getBoundingClientRect().right - right));
    }"""
    assert page.locator(".tiles").evaluate(uncovered) < 2


def test_a_chosen_theme_wins_over_the_systems(visit: Visit) -> None:
    page = visit(color_scheme="light").enter("tenant viewer")
    page.get_by_role("button", name="Dark").click()
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    check(page)
