"""What a tenant's people do in the portal, in a browser: connect, hand over, invite, ask why, send again."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import expect

from integrations.events.models import Replay
from integrations.events.replaying import replay_for_a_while
from integrations.sources.models import Lane, Source
from tests.browser.conftest import Visitor
from tests.browser.keyboard import press
from tests.browser.test_pages import check
from tests.dashboard.pages import store_event
from tests.events.history import dead

pytestmark = [pytest.mark.browser]

Visit = Callable[..., Visitor]
PHONE, DESK = {"width": 360, "height": 780}, {"width": 1440, "height": 900}


# Narrow and dark without a script, wide and light with one.
WAYS = [(PHONE, "dark", False), (DESK, "light", True)]


@pytest.mark.parametrize(("viewport", "theme", "scripted"), WAYS)
def test_an_admin_switches_notifications_on_and_the_page_says_connected(
    visit: Visit, viewport: dict[str, int], theme: str, scripted: bool
) -> None:
    visitor = visit(viewport=viewport, color_scheme=theme, java_script_enabled=scripted)
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


@pytest.mark.parametrize(("viewport", "theme", "scripted"), WAYS)
def test_a_source_is_handed_over_by_a_link_that_somebody_else_opens(
    visit: Visit, scene: Source, viewport: dict[str, int], theme: str, scripted: bool
) -> None:
    admin = visit(viewport=viewport, color_scheme=theme, java_script_enabled=scripted)
    admin.enter("tenant admin")
    page = admin.open(f"/portal/{admin.cast.alder.public_id}/")
    press(page, "Hand it over", "link")
    press(page, "Make a link")
    link = page.locator("#hand-off-link").inner_text()
    if scripted:
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


@pytest.mark.parametrize(("viewport", "theme", "scripted"), WAYS)
def test_a_colleague_is_invited_and_comes_in(
    visit: Visit, viewport: dict[str, int], theme: str, scripted: bool
) -> None:
    admin = visit(viewport=viewport, color_scheme=theme, java_script_enabled=scripted)
    admin.enter("tenant admin")
    page = admin.open(f"/portal/{admin.cast.alder.public_id}/members")
    if scripted:
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


@pytest.mark.parametrize(("viewport", "theme", "scripted"), WAYS)
def test_an_admin_has_what_could_not_be_delivered_sent_again_and_watches_it(
    visit: Visit, make_source: Callable[..., Source], viewport: dict[str, int], theme: str, scripted: bool
) -> None:
    visitor = visit(viewport=viewport, color_scheme=theme, java_script_enabled=scripted)
    source = make_source(visitor.cast.alder)
    for _ in range(3):
        dead(source, UUID(store_event(visitor.cast.alder, source)), "MalformedDetail", timezone.now())
    visitor.enter("tenant admin")
    page = visitor.open(f"/portal/{visitor.cast.alder.public_id}/deliveries?state=dead")
    press(page, "Send these again…", "link")
    press(page, "Send 3 deliveries")
    page.wait_for_url("**/replays/*")
    replay = Replay.objects.get()
    assert (replay.matched, replay.tenant) == (3, visitor.cast.alder)
    replay_for_a_while(timezone.now, life=0.1)
    page.reload()
    expect(page.get_by_role("progressbar")).to_be_visible()
    if scripted:
        check(page)
