"""One's own account: second factors, sessions, address, password."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tenants.models import User
from tests.dashboard.cast import Cast
from tests.dashboard.pages import ClientOf

PASSWORD = "birch-bark-and-copper"
pytestmark = pytest.mark.django_db


@pytest.fixture
def person(settings: Any) -> User:
    # Argon2 on purpose takes its time, and these tests ask for passwords all the time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("ann@example.com", PASSWORD, staff_role="support")


@pytest.fixture
def client(person: User) -> Client:
    client = Client()
    assert sign_in(client).headers["Location"] == "/"
    client.post("/accounts/again", {"password": PASSWORD})
    return client


def sign_in(client: Client) -> Any:
    return client.post("/accounts/login", {"login": "ann@example.com", "password": PASSWORD})


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def set_up_app(client: Client) -> str:
    page = client.get("/accounts/factors/app").content.decode()
    found = re.search(r'data-copy="([A-Z2-7]+)"', page)
    assert found
    answer = client.post("/accounts/factors/app", {"code": code_for(found[1])})
    assert answer.status_code == 302
    return found[1]


def test_an_app_is_set_up_from_a_picture_that_is_part_of_the_page(client: Client, person: User) -> None:
    page = client.get("/accounts/factors/app").content.decode()
    assert "<svg" in page[page.index('class="qr"') :]
    assert "data:image" not in page
    set_up_app(client)
    assert Authenticator.objects.filter(user=person, type="totp").exists()


def test_with_an_app_the_password_alone_signs_nobody_in(client: Client, person: User) -> None:
    secret = set_up_app(client)
    Authenticator.objects.filter(type="totp").update(last_used_at=None)
    browser = Client()
    assert sign_in(browser).headers["Location"] == "/accounts/factors/ask"
    assert browser.get("/").status_code == 302
    assert browser.post("/accounts/factors/ask", {"code": "000000"}).status_code == 200
    assert browser.get("/").status_code == 302
    cache.clear()  # a code counts once, and the one of this half minute was used to set the app up
    browser.post("/accounts/factors/ask", {"code": code_for(secret)})
    assert browser.get("/").status_code == 200


def test_a_recovery_code_signs_in_once(client: Client, person: User) -> None:
    set_up_app(client)
    client.post("/accounts/factors/codes/new")
    shown = client.get("/accounts/factors/codes").content.decode()
    (codes,) = re.findall(r'<code id="recovery-codes">(.*?)</code>', shown, re.S)
    code = codes.split()[0]
    for works in (True, False):
        browser = Client()
        sign_in(browser)
        browser.post("/accounts/factors/ask", {"code": code})
        assert (browser.get("/").status_code == 200) is works


def test_after_a_while_the_password_is_asked_for_again_before_anything_changes(client: Client, settings: Any) -> None:
    session = client.session
    for method in session["account_authentication_methods"]:
        method["at"] = time.time() - 3_600
    session.save()
    for path in ("factors/app", "factors/keys/new"):
        answer = client.get(f"/accounts/{path}")
        assert answer.headers["Location"].startswith("/accounts/again?next=")
    page = client.get("/accounts/again?next=/accounts/factors/app")
    assert "Enter your password" in page.content.decode()
    assert "Somebody who finds your computer unlocked" in page.content.decode()
    answer = client.post("/accounts/again", {"password": PASSWORD, "next": "/accounts/factors/app"})
    assert answer.headers["Location"] == "/accounts/factors/app"


def test_a_passkey_page_has_data_for_the_browser_and_no_code_of_its_own(client: Client) -> None:
    for path, page in (("keys/new", client), ("/accounts/login", Client())):
        address = path if path.startswith("/") else f"/accounts/factors/{path}"
        shown = page.get(address).content.decode()
        for attributes in re.findall(r"<script([^>]*)>", shown):
            assert "src=" in attributes or 'type="application/json"' in attributes
        assert "webauthn" in shown


def test_nobody_renames_or_removes_somebody_elses_key(client: Client, cast: Cast) -> None:
    other = cast.people["support"]
    key = Authenticator.objects.create(user=other, type="webauthn", data={"name": "x", "credential": {}})
    for path in ("", "/remove"):
        assert client.post(f"/accounts/factors/keys/{key.pk}{path}", {"name": "mine"}).status_code == 404


def test_a_new_address_counts_once_its_link_was_opened(client: Client, person: User, settings: Any) -> None:
    settings.PUBLIC_URL = "https://events.example.com"
    client.post("/accounts/email", {"email": "ann@new.example.com", "action_add": "1"}, HTTP_HOST="localhost")
    person.refresh_from_db()
    assert person.email == "ann@example.com"
    letters = [letter for letter in mail.outbox if letter.to == ["ann@new.example.com"]]
    found = re.search(r"https://events\.example\.com(\S+)", letters[0].body)
    assert found
    assert "Is this your address?" in client.get(found[1]).content.decode()
    client.post(found[1])
    person.refresh_from_db()
    assert person.email == "ann@new.example.com"


def test_other_sessions_are_listed_and_ended(client: Client) -> None:
    elsewhere = Client(headers={"user-agent": "Elsewhere/1.0"})
    sign_in(elsewhere)
    assert "Elsewhere/1.0" in client.get("/accounts/sessions").content.decode()
    client.post("/accounts/sessions")
    assert elsewhere.get("/").status_code == 302
    assert client.get("/").status_code == 200


def test_a_password_is_changed_by_who_knows_the_old_one(client: Client, person: User) -> None:
    new = "copper-and-birch-bark"
    wrong = {"oldpassword": "x", "password1": new, "password2": new}
    assert client.post("/accounts/password", wrong).status_code == 200
    assert client.post("/accounts/password", wrong | {"oldpassword": PASSWORD}).status_code == 302
    person.refresh_from_db()
    assert person.check_password(new)


def test_tenants_find_their_account_in_their_own_frame(client_of: ClientOf) -> None:
    assert 'class="side"' in client_of("support").get("/accounts").content.decode()
    tenant = client_of("tenant viewer").get("/accounts").content.decode()
    assert 'class="side"' not in tenant
    assert "Second factor" in tenant


NEW = "ann@new.example.com"


def add_address(client: Client, address: str = NEW) -> str:
    """Ask for another address and return the way that its mail shows."""
    client.post("/accounts/email", {"email": address, "action_add": "1"})
    (letter,) = [letter for letter in mail.outbox if letter.to == [address]]
    found = re.search(r"https?://[^/]+(/\S+)", letter.body)
    assert found
    return found[1]


def test_an_address_that_nobody_has_confirmed_resets_no_password(client: Client) -> None:
    add_address(client)
    mail.outbox.clear()
    Client().post("/accounts/password/reset", {"email": NEW})
    assert [letter for letter in mail.outbox if "/password/reset/" in letter.body] == []


def test_a_new_password_ends_the_change_of_address_that_somebody_else_began(client: Client, person: User) -> None:
    way = add_address(client)
    mail.outbox.clear()
    owner = Client()
    owner.post("/accounts/password/reset", {"email": person.email})
    found = re.search(r"https?://[^/]+(/accounts/password/reset/\S+)", mail.outbox[0].body)
    assert found
    form = owner.get(found[1], follow=True).request["PATH_INFO"]
    password = "a-password-of-the-owner"
    owner.post(form, {"password1": password, "password2": password})
    person.refresh_from_db()
    assert person.check_password(password)
    Client().post(way)
    person.refresh_from_db()
    assert person.email == "ann@example.com"
