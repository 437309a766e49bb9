"""What a tenant's people do in the portal, in a browser: connect, hand over, invite."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from integrations.sources.models import Lane, Source
from tests.browser.conftest import Visitor
from tests.browser.test_pages import check
from tests.dashboard.pages import store_event

pytestmark = [pytest.mark.browser]

Visit = Callable[..., Visitor]
PHONE, DESK = {"width": 360, "height": 780}, {"width": 1440, "height": 900}


def press(page: Page, name: str) -> None:
    """Reach a button by the keyboard alone and press it."""
    button = page.get_by_role("button", name=name, exact=True)
    for _ in range(60):
        if button.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("viewport", "scripted"), [(PHONE, False), (DESK, True)])
def test_an_admin_switches_notifications_on_and_the_page_says_connected(
    visit: Visit, viewport: dict[str, int], scripted: bool
) -> None:
    visitor = visit(viewport=viewport, java_script_enabled=scripted)
    visitor.enter("tenant admin")
    page = visitor.open(f"/portal/{visitor.cast.alder.public_id}/")
    page.get_by_label("AWS account id").fill("1234-5678-9012")
    press(page, "Continue")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is 1234-5678-9012 your AWS account?")
    press(page, "Yes, offer the source to it")
    expect(page.get_by_role("heading", level=1)).to_have_text("The offer is being made")
    source = Source.objects.get(tenant=visitor.cast.alder)
    assert (source.account, source.region) == ("123456789012", "eu-west-1")
    Source.objects.filter(pk=source.pk).update(observed="pending", provisioned_at=source.created_at)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waiting for your AWS admin to accept")
    expect(page.get_by_text("aws events create-event-bus").first).to_be_visible()
    if not scripted:
        return
    check(page)
    Source.objects.filter(pk=source.pk).update(observed="active")
    Lane.objects.filter(source=source).update(publishable=True)
    page.evaluate("document.querySelector('#status').dispatchEvent(new Event('refresh'))")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connected")
    expect(page.locator(".big-state.arrived")).to_be_visible()
    expect(page.locator(".orb")).to_have_css("animation-name", "none")  # reduced motion is asked for
    check(page)


def test_a_source_is_handed_over_by_a_link_that_somebody_else_opens(visit: Visit, scene: Source) -> None:
    admin = visit(viewport=DESK, color_scheme="dark")
    admin.enter("tenant admin")
    page = admin.open(f"/portal/{admin.cast.alder.public_id}/")
    page.get_by_role("link", name="Hand it over").click()
    press(page, "Make a link")
    link = page.locator("#hand-off-link").inner_text()
    check(page)
    opened = visit(viewport=PHONE).open("/hand-off/" + link.rpartition("/")[2])
    expect(opened.get_by_role("heading", level=1)).to_have_text("Accept events of Shop")
    page.get_by_role("link", name=re.compile("Ireland")).first.click()
    page.get_by_role("link", name="Hand it over").click()
    page.get_by_role("button", name=re.compile("^Withdraw")).click()
    expect(page.get_by_text("The link opens nothing any more.")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_admin_asks_why_nothing_arrives_and_is_led_to_what_mends_it(visit: Visit, scene: Source, theme: str) -> None:
    visitor = visit(viewport=PHONE, color_scheme=theme, java_script_enabled=False)
    visitor.enter("tenant admin")
    page = visitor.open(f"/portal/{visitor.cast.alder.public_id}/")
    page.get_by_role("link", name="Find out why").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why do I get no events?")
    expect(page.locator("[aria-current=step] h3")).to_have_text("Your provider has sent nothing for you yet.")
    store_event(visitor.cast.alder, scene)
    page.reload()
    expect(page.locator("[aria-current=step] h3")).to_contain_text("No event bus is attached in your AWS account.")
    page.get_by_role("main").get_by_role("link", name="Hand it over").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hand it over")
    scripted = visit(viewport=PHONE, color_scheme=theme)
    scripted.enter("tenant viewer")
    check(scripted.open(f"/portal/{visitor.cast.alder.public_id}/no-events"))


def test_a_colleague_is_invited_and_comes_in(visit: Visit) -> None:
    admin = visit(viewport=PHONE)
    admin.enter("tenant admin")
    page = admin.open(f"/portal/{admin.cast.alder.public_id}/members")
    check(page)
    page.get_by_label("E-mail").fill("ada@alder.example")
    press(page, "Send the invitation")
    expect(page.get_by_role("heading", level=1)).to_have_text("The invitation is sent")
    token = re.search(r"/invitations/(\S+)", str(mail.outbox[-1].body))
    assert token
    joining = visit(viewport=DESK, java_script_enabled=False).open(f"/invitations/{token[1]}")
    joining.get_by_label("Your name").fill("Ada")
    joining.get_by_label("Password").fill("a-long-enough-one-47")
    joining.get_by_role("button", name="Create the account and accept").click()
    expect(joining.get_by_text("Nobody has connected an AWS account yet").first).to_be_visible()
