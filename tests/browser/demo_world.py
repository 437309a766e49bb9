"""The demo world on a stack of its own, with everything done in it that has a page to show."""

import base64
import hashlib
import hmac
import json
import re
import subprocess
import sys
import time
import urllib.request
from typing import Any

import boto3
from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from dashboard.demo.people import PASSWORD
from launcher.stack import ROOT, Stack
from tests.onboarding.mail_server import MailServer

NAMESPACE, PUBLISHER, REGION = "aws.partner/kestrel.example.com.test", "111111111111", "eu-west-1"
OPS, SUPPORT = "ops@demo.test", "support@demo.test"
ALDER, BIRCH, VIEWER = "admin@alder.test", "admin@birch.test", "viewer@alder.test"
PATIENCE = 60  # seconds


class DemoWorld:
    """People sign in by the form; what they do, they do on pages without a script. `addresses` are those that no link
    leads to: of mails, and of what is made here."""

    def __init__(self, browser: Browser, stack: Stack, mail: MailServer) -> None:
        self.browser, self.stack, self.mail = browser, stack, mail
        self.states: dict[str, StorageState] = {}
        self.addresses: list[tuple[str, str]] = []
        for who in (OPS, SUPPORT, ALDER, BIRCH, VIEWER):
            self._sign_in(who)
        self._key = json.loads(self._manage("create_key", "kestrel", "test", "more", "--json"))["key"]
        self._lose_a_source()
        self._act_as_operations()
        self._act_as_tenants()
        self._take_a_second_factor()

    def open(self, who: str, **properties: Any) -> BrowserContext:
        """Open a browser in which this person is signed in; nobody, for an empty name."""
        state = self.states.get(who)
        context = self.browser.new_context(base_url=self.stack.web_url, storage_state=state, **properties)
        context.set_default_timeout(PATIENCE * 1_000)
        return context

    def _plain(self, who: str) -> Page:
        return self.open(who, java_script_enabled=False).new_page()

    def _sign_in(self, who: str) -> None:
        page = self._plain("")
        page.goto("/accounts/login")
        page.get_by_label("E-mail").fill(who)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"{self.stack.web_url}/")
        self.states[who] = page.context.storage_state()
        page.context.close()

    def _manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.stack.environment, capture_output=True, text=True, check=True)
        return done.stdout

    def _call(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the address is the stack's
            f"{self.stack.web_url}/api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def _lose_a_source(self) -> None:
        """Let AWS have a source that nobody here made, and lose one that is wanted."""
        aws = boto3.client(
            "events",
            endpoint_url=self.stack.sandbox_url,
            region_name=REGION,
            aws_access_key_id=PUBLISHER,
            aws_secret_access_key="any",
        )
        aws.create_partner_event_source(Name=f"{NAMESPACE}/orphan/events", Account="222222222222")
        self._call("PUT", "tenants/heath", {"name": "Heath Foods"})
        source = self._call("POST", "tenants/heath/sources", {"account": "123456789012", "region": REGION})
        here = f"tenants/heath/sources/{source['id']}"
        self._wait(here, "pending")
        aws.delete_partner_event_source(Name=source["name"], Account="123456789012")
        page = self._plain(OPS)
        page.goto(f"/operators/sources/{source['id']}")
        page.get_by_role("button", name="Check now").click()
        page.context.close()
        self._wait(here, "gone", "expired")
        self.addresses += [(OPS, f"/operators/sources/{source['id']}/history"), (OPS, "/operators/search?q=alder")]

    def _wait(self, path: str, *states: str) -> None:
        until = time.monotonic() + PATIENCE
        while (state := self._call("GET", path)["state"]) not in states:
            assert time.monotonic() < until, f"{path} is {state}, not {states}"
            time.sleep(0.5)

    def _act_as_operations(self) -> None:
        page = self._plain(OPS)
        page.goto("/operators/events?state=dead&tenant=elm")
        page.get_by_role("link", name="Replay these…").click()
        page.get_by_role("button", name=re.compile(r"^Replay \d")).click()
        page.wait_for_url(re.compile(r"/operators/replays/[0-9a-f-]{36}$"))
        page.goto("/operators/adoption/new")
        page.get_by_label("Environment").select_option("Kestrel (test)")
        page.get_by_label("Or paste the lines").fill(f"name,tenant\n{NAMESPACE}/orphan/events,alder\n")
        page.get_by_role("button", name="Look at it").click()
        page.wait_for_url(re.compile(r"/operators/adoption/[0-9a-f-]{36}$"))
        page.goto("/operators/reprovision/new")
        page.get_by_label("Environment").select_option("Kestrel (test)")
        page.get_by_role("checkbox", name=re.compile("^Gone")).check()
        page.get_by_role("textbox", name="Tenant").fill("heath")
        page.get_by_role("button", name="Count them").click()
        page.get_by_role("button", name=re.compile(r"^Provision \d")).click()
        page.wait_for_url(re.compile(r"/operators/reprovision/[0-9a-f-]{36}$"))
        page.goto("/onboarding/kestrel/validation")
        page.get_by_role("button", name="Start the run").click()
        self.addresses.append((OPS, page.url))
        page.goto("/onboarding/board")
        page.get_by_role("link", name="Kestrel", exact=True).first.click()
        form = page.locator("form:has(input[type=file])").last
        form.locator("input[type=file]").set_input_files(
            {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Asked for a second region."}
        )
        form.locator("button").last.click()
        page.goto("/operators/drift")
        page.get_by_role("button", name="Look now").click()
        for _ in range(PATIENCE):
            if page.get_by_text(f"{NAMESPACE}/orphan/events").count():
                break
            page.wait_for_timeout(1_000)
            page.goto("/operators/drift")
        page.context.close()

    def _act_as_tenants(self) -> None:
        page = self._plain(ALDER)
        page.goto("/")
        page.get_by_role("link", name="Open the page of Alder Logistics").click()
        here = page.url
        page.goto("/accounts/factors/app")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        page.wait_for_url("**/factors/app")
        self.states[ALDER] = page.context.storage_state()
        page.goto(f"{here}members")
        page.get_by_label("E-mail").fill("ada@alder.test")
        page.get_by_role("button", name="Send the invitation").click()
        page.goto(f"{here}deliveries")
        page.get_by_role("link", name="Send again…").click()
        page.get_by_role("button", name=re.compile(r"^Send \d")).click()
        page.wait_for_url(re.compile(r"/replays/[0-9a-f-]{36}$"))
        self.addresses.append((ALDER, page.url))
        page.context.close()
        page = self._plain(BIRCH)
        page.goto("/")
        page.get_by_role("link", name="Open the page of Birch & Sons").click()
        page.get_by_role("link", name="Hand it over").click()
        page.get_by_role("button", name="Make a link").click()
        self.addresses.append(("", page.locator("#hand-off-link").inner_text()))
        page.context.close()
        session = self._call("POST", "tenants/alder/portal-sessions", {})
        self.addresses.append(("", session["url"]))
        self.addresses.append(("", self._mailed(r"http\S+/invitations/\S+")))

    def _mailed(self, pattern: str) -> str:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for message in self.mail.messages:
                body = message.get_body(("plain",))
                if body and (found := re.search(pattern, body.get_content())):
                    return found[0]
            time.sleep(0.5)
        raise AssertionError(f"Nobody was mailed {pattern}")

    def _take_a_second_factor(self) -> None:
        """Let support switch on an authenticator app; afterwards its session may see what follows from that."""
        page = self._plain(SUPPORT)
        page.goto("/accounts/factors/app")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        secret = page.locator("#totp-secret").inner_text().strip()
        page.get_by_role("textbox", name="Authenticator code").fill(code_of(secret, time.time()))
        page.get_by_role("button", name="Switch it on").click()
        page.goto("/accounts")
        self.states[SUPPORT] = page.context.storage_state()
        page.context.close()


def code_of(secret: str, seconds: float) -> str:
    """Return what an authenticator app shows (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret), int(seconds // 30).to_bytes(8, "big"), hashlib.sha1)
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
