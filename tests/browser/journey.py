"""What a long way through the pages is made of: pressing, reading, loading again until the page says so."""

import io
import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pypdf
from playwright.sync_api import Page, expect

from launcher.stack import ROOT, Stack


def manage(stack: Stack, *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=True)
    return done.stdout


def title(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(text)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def downloaded(page: Page, name: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("link", name=name, exact=True).click()
    return Path(download.value.path()).read_bytes()


def reload_until(page: Page, words: str) -> None:
    """Load the page again until it says so."""
    for _ in range(120):
        if page.get_by_text(re.compile(words)).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"The page never said: {words}")


def call(method: str, url: str, body: object, key: str = "") -> int:
    """Ask the stack by HTTP, as a backend does; return the status of the answer."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, method=method, data=data, headers=headers)  # noqa: S310 - the stack's own
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        return int(answer.status)


def key_of(stack: Stack, slug: str, environment: str) -> str:
    """Issue a key for the provider's backend."""
    return str(json.loads(manage(stack, "create_key", slug, environment, "backend", "--json"))["key"])


def text_of(pdf: bytes) -> str:
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    return squeezed(text.replace("\0", ""))  # a letter for which this machine has no font


def squeezed(text: str) -> str:
    return "".join(text.split())
