import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from tenants.models import User

EMAIL, PASSWORD = "admin@alder.example.com", "birch-bark-and-copper"
REFUSED = "This e-mail and password do not belong together."


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user(EMAIL, PASSWORD)


def sign_in(client: Client, email: str = EMAIL, password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    return client.post("/accounts/login", {"login": email, "password": password, **more})


def without_what_varies(page: str) -> str:
    """Leave out what was typed, and the moment and the token of the page."""
    return re.sub(r'value="[^"]*"|datetime="[^"]*"|data-now="[^"]*"', "", page)


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


@pytest.mark.parametrize("email", [EMAIL, EMAIL.upper()])
def test_an_invited_person_gets_in_by_e_mail_and_password(client: Client, person: User, email: str) -> None:
    answer = sign_in(client, email)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert is_in(client)


@pytest.mark.parametrize(
    ("target", "goes_to"), [("/?a=1", "/?a=1"), ("https://evil.example.com/", "/"), ("//evil.example.com", "/")]
)
def test_sign_in_leads_back_to_our_own_pages_only(client: Client, person: User, target: str, goes_to: str) -> None:
    assert sign_in(client, next=target).headers["Location"] == goes_to


def test_a_page_asked_for_before_signing_in_is_remembered(client: Client, db: None) -> None:
    answer = client.get("/?x=1", follow=True)
    assert 'name="next" value="/?x=1"' in answer.content.decode()


def test_wrong_password_and_unknown_address_get_the_same_answer(client: Client, person: User) -> None:
    wrong = sign_in(client, password="not-the-password").content.decode()
    unknown = sign_in(client, email="nobody@alder.example.com").content.decode()
    assert REFUSED in wrong
    assert without_what_varies(wrong) == without_what_varies(unknown)
    assert not is_in(client)


def test_a_refusal_is_in_the_title_and_leads_to_the_password(client: Client, person: User) -> None:
    fresh = client.get("/accounts/login").content.decode()
    assert "<title>Sign in" in fresh
    assert "autofocus" in _input(fresh, "login")
    refused = sign_in(client, password="not-the-password").content.decode()
    assert "<title>Could not sign in" in refused
    assert "autofocus" not in _input(refused, "login")
    assert "autofocus" in _input(refused, "password")
    assert 'aria-describedby="refusal"' in _input(refused, "password")
    assert 'id="refusal"' in refused


def _input(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert found
    return found[0]


def test_guessing_ends_after_five_tries_even_with_the_right_password(client: Client, person: User) -> None:
    for _ in range(5):
        sign_in(client, password="not-the-password")
    assert "Too many attempts" in sign_in(client).content.decode()
    assert not is_in(client)


def test_one_address_that_posts_without_end_is_told_to_wait(client: Client, db: None) -> None:
    answers = [client.post("/accounts/login", {}).status_code for _ in range(31)]
    assert (answers[0], answers[-1]) == (200, 429)


def test_a_person_who_was_switched_off_is_told_so_and_stays_out(client: Client, person: User) -> None:
    person.is_active = False
    person.save()
    answer = client.post("/accounts/login", {"login": EMAIL, "password": PASSWORD}, follow=True)
    assert "This account is switched off." in answer.content.decode()
    assert not is_in(client)


def test_signing_out_takes_a_post(client_of: Callable[[str], Client]) -> None:
    client = client_of("support")
    assert "Sign out?" in client.get("/accounts/logout").content.decode()
    assert is_in(client)
    client.post("/accounts/logout")
    assert not is_in(client)


def test_forms_of_other_sites_are_refused(person: User) -> None:
    answer = sign_in(Client(enforce_csrf_checks=True))
    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()


def test_nobody_signs_up(client: Client, db: None) -> None:
    assert "by invitation" in client.get("/accounts/signup").content.decode()
    client.post("/accounts/signup", {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.exists()


class TestReset:
    @staticmethod
    def ask(client: Client, email: str = EMAIL) -> str:
        answer = client.post("/accounts/password/reset", {"email": email}, follow=True)
        return answer.content.decode()

    def test_the_link_is_on_our_public_address_and_sets_a_new_password(
        self, client: Client, person: User, settings: Settings
    ) -> None:
        settings.PUBLIC_URL = "https://events.example.com"
        assert "Look into your mailbox" in self.ask(client)
        (message,) = mail.outbox
        found = re.search(r"https://events\.example\.com(/accounts/password/reset/\S+)", message.body)
        assert found
        form = client.get(found[1], follow=True)
        assert "Choose a new password" in form.content.decode()
        new = "copper-and-birch-bark"
        done = client.post(form.request["PATH_INFO"], {"password1": new, "password2": new}, follow=True)
        assert "The password is changed" in done.content.decode()
        assert sign_in(client, password=new).status_code == 302
        used = Client().get(found[1]).content.decode()
        assert "<title>This link does not work any more" in used
        assert "Ask for a new link" in used

    def test_an_unknown_address_gets_the_same_page_and_a_mail_that_explains(self, client: Client, person: User) -> None:
        known, unknown = self.ask(client), self.ask(client, "nobody@example.com")
        assert without_what_varies(known) == without_what_varies(unknown)
        message = mail.outbox[-1]
        assert (message.to, message.subject) == (["nobody@example.com"], "No Partnerbus account for this address")
        assert "http" not in message.body

    def test_a_weak_password_is_refused_with_the_reason(self, client: Client, person: User) -> None:
        self.ask(client)
        found = re.search(r"/accounts/password/reset/\S+", mail.outbox[0].body)
        assert found
        form = client.get(found[0], follow=True)
        answer = client.post(form.request["PATH_INFO"], {"password1": "password", "password2": "password"})
        assert "too short" in answer.content.decode()
        assert sign_in(client).status_code == 302

    def test_asking_again_and_again_ends(self, client: Client, person: User) -> None:
        for _ in range(6):
            last = self.ask(client)
        assert "Too many attempts" in last
        assert len(mail.outbox) == 5
