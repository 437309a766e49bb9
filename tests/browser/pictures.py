"""Pictures of pages. As a program it takes the README's, of the demo world that `make run` has started:

make run                                            # in another terminal; after an hour its charts are full
.venv/bin/python -m tests.browser.pictures [http://127.0.0.1:8000]
"""

import base64
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
PASSWORD = "partnerbus-demo"
IMAGES = ROOT / "docs" / "images"
OPS, BIRCH = "ops@demo.test", "admin@birch.test"
# By name of the file: who looks, where, which link is followed there, and how tall the picture is.
SCENES = {
    "overview": (OPS, "/operators/?period=1h", "", 900),
    "source": (OPS, "/operators/sources?q=Dogwood", "tbody th a", 1000),
    "portal": (BIRCH, "/", "main .acts a", 1000),
}
BOTH = ("light", "dark")


def picture(page: Page, path: Path, tallest: int, quality: int = 80) -> None:
    """Write the page as WebP, which Playwright itself cannot; what is below `tallest` pixels is left out."""
    size = page.evaluate("({ width: innerWidth, height: document.documentElement.scrollHeight })")
    taken = page.context.new_cdp_session(page).send(
        "Page.captureScreenshot",
        {
            "format": "webp",
            "quality": quality,
            "captureBeyondViewport": True,
            "clip": {"x": 0, "y": 0, "scale": 1, **size, "height": min(size["height"], tallest)},
        },
    )
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(base64.b64decode(taken["data"]))


def take_all(browser: Browser, address: str) -> None:
    """Take every scene in both themes."""
    for theme in BOTH:
        for name, (who, path, link, height) in SCENES.items():
            context = browser.new_context(
                base_url=address,
                color_scheme=theme,
                viewport={"width": 1440, "height": height},
                reduced_motion="reduce",
            )
            page = context.new_page()
            sign_in(page, who)
            page.goto(path)
            if link:
                page.locator(link).first.click()
                page.wait_for_load_state()
            page.evaluate("document.fonts.ready")
            picture(page, IMAGES / f"{name}-{theme}.webp", height, quality=75)
            context.close()


def sign_in(page: Page, who: str) -> None:
    page.goto("/accounts/login")
    page.get_by_label("E-mail").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state()


def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        take_all(browser, address)
        browser.close()


if __name__ == "__main__":
    main()
