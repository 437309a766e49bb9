"""What support does all day, in a browser and by the keyboard: find out why a tenant gets nothing, and mend it."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations.events.models import Replay
from integrations.events.replaying import replay_for_a_while
from integrations.registration.keys import issue_key
from integrations.registration.models import ApiKey
from integrations.sources.models import Desired, Source
from tenants.audit import Actor
from tests.browser.conftest import Visitor
from tests.browser.keyboard import press
from tests.browser.test_pages import check
from tests.dashboard.pages import accepted, store_event
from tests.events.history import dead

pytestmark = [pytest.mark.browser]

Visit = Callable[..., Visitor]
PHONE, DESK = {"width": 360, "height": 780}, {"width": 1440, "height": 900}
# Narrow and dark without a script, wide and light with one.
WAYS = [(PHONE, "dark", False), (DESK, "light", True)]


@pytest.mark.parametrize(("viewport", "theme", "scripted"), WAYS)
def test_support_finds_out_why_a_tenant_gets_nothing_and_mends_it(
    visit: Visit, make_source: Callable[..., Source], viewport: dict[str, int], theme: str, scripted: bool
) -> None:
    visitor = visit(viewport=viewport, color_scheme=theme, java_script_enabled=scripted)
    source = make_source(visitor.cast.alder, desired=Desired.PAUSED)
    issue_key(environment=source.environment, name="backend", actor=Actor.system("test"), now=timezone.now())
    ApiKey.objects.update(last_used_at=timezone.now())
    store_event(visitor.cast.alder, source)
    accepted(source)
    visitor.enter("support")
    page = visitor.open("/operators/tenants?q=alder")
    press(page, "Alder", "link")
    press(page, "Why no events?", "link")
    expect(page.locator("[aria-current=step] h3")).to_have_text("The source is paused.")
    if scripted:
        check(page)
    press(page, "Resume the source", "link")
    expect(page.get_by_role("heading", level=2, name="This source is paused")).to_be_visible()
    press(page, "Resume", "link")
    press(page, "Resume source")
    expect(page.get_by_text("The source is resumed.").first).to_be_visible()
    source.refresh_from_db()
    assert source.desired == Desired.PRESENT
    visitor.open(f"/operators/tenants/{visitor.cast.alder.public_id}/diagnosis")
    expect(page.locator("[aria-current=step] h3")).to_contain_text("cannot be seen from here")


@pytest.mark.parametrize(("viewport", "theme", "scripted"), WAYS)
def test_support_counts_a_replay_runs_it_and_watches_it(
    visit: Visit, make_source: Callable[..., Source], viewport: dict[str, int], theme: str, scripted: bool
) -> None:
    visitor = visit(viewport=viewport, color_scheme=theme, java_script_enabled=scripted)
    source = make_source(visitor.cast.alder)
    for _ in range(3):
        dead(source, UUID(store_event(visitor.cast.alder, source)), "MalformedDetail", timezone.now())
    visitor.enter("support")
    page = visitor.open("/operators/events?tenant=alder&state=dead")
    press(page, "Replay these…", "link")
    expect(page.get_by_role("heading", level=1)).to_have_text("3 deliveries can be sent again")
    assert not Replay.objects.exists()
    if scripted:
        check(page)
    press(page, "Replay 3 deliveries")
    page.wait_for_url(re.compile(r"/operators/replays/[0-9a-f-]{36}$"))
    assert (Replay.objects.get().matched, Replay.objects.get().tenant) == (3, visitor.cast.alder)
    replay_for_a_while(timezone.now, life=0.1)
    page.reload()
    expect(page.get_by_role("progressbar")).to_be_visible()
    if scripted:
        check(page)
