"""A real Chromium against a real server. Whatever the console complains about fails the test, CSP violations first."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserType, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from integrations.registration.models import Environment
from integrations.sources.models import Source
from tests.dashboard.cast import Cast, assemble

# Playwright's synchronous API keeps an event loop in this thread, and Django would refuse the database because of it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PASSWORD = "birch-bark-and-copper"
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], browser_type: BrowserType) -> dict[str, Any]:
    """Take the system's Chromium, else Playwright's own, else skip; where CI=true, a skip is a failure."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium and not Path(browser_type.executable_path).exists():
        reason = "No Chromium: install it, name it in CHROMIUM, or run `playwright install chromium`."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    named = {"executable_path": chromium} if chromium else {}
    return {**browser_type_launch_args, **named, "args": [*ARGUMENTS, *sandbox]}


@pytest.fixture
def cast(transactional_db: None, environment: Environment, now: datetime) -> Iterator[Cast]:
    """The people of the role tables, with a password; what is not Django's is emptied afterwards."""
    cache.clear()
    yield assemble(environment, now)
    with connection.cursor() as cursor:
        cursor.execute("truncate pending, activity")


@pytest.fixture
def scene(cast: Cast, make_source: Callable[..., Source]) -> Source:
    """Alder's source waits to be accepted, with one event held; Birch's is connected."""
    namespace = "arn:aws:events:eu-west-1::event-source/aws.partner/shop.example.com.test"
    waiting = make_source(cast.alder, observed="pending", arn=f"{namespace}/alder/events")
    connected = make_source(cast.birch, arn=f"{namespace}/birch/events")
    with connection.cursor() as cursor:
        cursor.execute("insert into pending values (%s, uuidv7())", [waiting.pk])
        cursor.execute("insert into activity values (%s, now())", [connected.pk])
    return waiting


class Visitor:
    """Somebody with a browser window."""

    def __init__(self, page: Page, server: LiveServer, cast: Cast) -> None:
        self.page, self.server, self.cast = page, server, cast
        self.complaints: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.server.url}{path}")
        return self.page

    def enter(self, role: str) -> Page:
        """Be signed in already, which spares the hashing of a password."""
        client = Client()
        person = self.cast.people[role]
        assert person
        client.force_login(person)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.server.url, "httpOnly": True}]
        )
        return self.open("/")

    def sign_in(self, role: str) -> Page:
        """Sign in by the form, as this person does."""
        person = self.cast.people[role]
        assert person
        person.set_password(PASSWORD)
        person.save()
        self.open("/accounts/login")
        self.page.get_by_label("E-mail").fill(person.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(f"{self.server.url}/")
        return self.page


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer, cast: Cast) -> Iterator[Callable[..., Visitor]]:
    """Open a window with these properties of a browser context."""
    visitors: list[Visitor] = []

    def opened(**properties: Any) -> Visitor:
        context = browser.new_context(reduced_motion="reduce", **properties)
        visitors.append(Visitor(context.new_page(), live_server, cast))
        return visitors[-1]

    yield opened
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.page.context.close()
    assert complaints == []
