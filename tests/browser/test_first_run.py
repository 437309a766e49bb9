"""The first person of an empty installation, in a browser: the link that works once, and the guide."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from launcher import stack as launched
from launcher.stack import ROOT, Stack
from tests.browser.keyboard import press
from tests.browser.test_pages import check

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def stack() -> Iterator[Stack]:
    with launched.running() as stack:
        yield stack


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1440, "light")])
def test_the_first_person_is_led_from_an_empty_installation_to_an_offer(
    browser: Browser, stack: Stack, width: int, theme: Any
) -> None:
    command = [sys.executable, "manage.py", "create_admin", "--link"]
    said = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=True).stdout
    link = re.search(r"http\S+/first-administrator/\S+", said)
    assert link
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(60_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(link[0])
    check(page)
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("birch-bark-and-copper")
    press(page, "Create administrator")
    page.get_by_role("link", name="Follow the guide").click()
    expect(page.get_by_text(re.compile(r"^[01] of \d steps done$"))).to_be_visible()
    check(page)
    for name, value in {
        "name": "Orders",
        "namespace": "aws.partner/example.com.test",
        "account": "111111111111",
        "regions": "eu-west-1",
    }.items():
        page.locator(f"#begin-integration [name={name}]").fill(value)
    press(page, "Register it")
    page.wait_for_selector("#begin-tenant")
    check(page)
    page.locator("#begin-tenant [name=external_id]").fill("alder")
    page.locator("#begin-tenant [name=name]").fill("Alder")
    press(page, "Put the tenant")
    expect(page.get_by_role("link", name="Offer a source")).to_be_visible()
    check(page)
    assert complaints == []
    context.close()
