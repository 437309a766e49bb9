"""Hands that know no mouse."""

import re
from typing import Literal

from playwright.sync_api import Page, expect


def press(page: Page, name: str | re.Pattern[str], role: Literal["button", "link"] = "button", steps: int = 90) -> None:
    """Reach a button or a link by the keyboard alone and press it."""
    wanted = page.get_by_role(role, name=name, exact=True).first
    for _ in range(steps):
        if wanted.evaluate("wanted => wanted === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(wanted).to_be_focused()
    page.keyboard.press("Enter")
