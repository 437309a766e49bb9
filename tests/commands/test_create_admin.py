"""`manage.py create_admin`, and the page behind its link."""

import io
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import authenticate
from django.test import Client
from django.utils import timezone

from dashboard.management.commands import create_admin
from tenants.models import AuditEntry, User
from tests.commands.conftest import Said

pytestmark = pytest.mark.django_db
Manage = Callable[..., Said]

PASSWORD = "correct horse battery"


def path_of(said: Said) -> str:
    """The path of the link that the command printed."""
    link = said.output.split()[-1]
    assert link.startswith(settings.PUBLIC_URL)
    return link.removeprefix(settings.PUBLIC_URL)


def test_the_password_can_come_from_standard_input(manage: Manage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\nnot this\n"))
    said = manage("create_admin", "ops@example.com", "--password-stdin")
    assert said.code == 0
    assert PASSWORD not in said.output
    user = authenticate(email="ops@example.com", password=PASSWORD)
    assert user is not None
    assert user.is_superuser


def test_the_password_can_come_from_the_environment(manage: Manage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    assert manage("create_admin", "ops@example.com").code == 0
    assert authenticate(email="ops@example.com", password=PASSWORD) is not None


def test_without_terminal_and_password_it_says_how_to_give_one(manage: Manage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    said = manage("create_admin", "ops@example.com")
    assert said.code == 1
    assert "--password-stdin" in said.error


@pytest.mark.parametrize(("again", "code"), [(PASSWORD, 0), ("something else", 1)])
def test_at_a_terminal_the_password_is_asked_twice(
    manage: Manage, monkeypatch: pytest.MonkeyPatch, again: str, code: int
) -> None:
    typed = iter([PASSWORD, again])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(create_admin, "getpass", lambda prompt: next(typed))
    assert manage("create_admin", "ops@example.com").code == code
    assert User.objects.count() == 1 - code


@pytest.mark.parametrize(
    ("email", "password", "word"),
    [("ops", PASSWORD, "e-mail"), ("ops@example.com", "short", "short"), ("ops@example.com", "", "short")],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(
    manage: Manage, monkeypatch: pytest.MonkeyPatch, email: str, password: str, word: str
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", password)
    said = manage("create_admin", email)
    assert said.code == 1
    assert word in said.error
    assert not User.objects.exists()


def test_neither_address_nor_link_is_a_mistake(manage: Manage) -> None:
    assert "--link" in manage("create_admin").error


def test_the_link_shows_a_form(manage: Manage, client: Client) -> None:
    response = client.get(path_of(manage("create_admin", "--link")))
    assert response.status_code == 200
    assert 'autocomplete="new-password"' in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]


def test_the_first_visitor_becomes_administrator_and_is_signed_in(manage: Manage, client: Client) -> None:
    response = client.post(
        path_of(manage("create_admin", "--link")), {"email": "ops@example.com", "password": PASSWORD}
    )
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(User.objects.get(is_superuser=True).pk)
    assert AuditEntry.objects.get().actor_label == "first visitor"


def test_the_link_works_once(manage: Manage, client: Client) -> None:
    path = path_of(manage("create_admin", "--link"))
    client.post(path, {"email": "ops@example.com", "password": PASSWORD})
    stranger = Client()
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, {"email": "x@example.com", "password": PASSWORD}).status_code == 404
    assert User.objects.count() == 1


def test_the_link_works_for_a_week(manage: Manage, client: Client) -> None:
    path = path_of(manage("create_admin", "--link"))
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert client.get(path).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "change", [lambda path: path[:-1] + ("a" if path[-1] != "a" else "b"), lambda path: path + "x"]
)
def test_a_link_that_was_not_printed_here_is_not_found(
    manage: Manage, client: Client, change: Callable[[str], str]
) -> None:
    path = change(path_of(manage("create_admin", "--link")))
    assert client.get(path).status_code == 404
    assert client.post(path, {"email": "x@example.com", "password": PASSWORD}).status_code == 404
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [{}, {"email": "ops", "password": PASSWORD}, {"email": "ops@example.com", "password": "short"}],
    ids=["nothing", "no address", "a short password"],
)
def test_a_form_that_cannot_be_used_is_shown_again(manage: Manage, client: Client, sent: dict[str, str]) -> None:
    path = path_of(manage("create_admin", "--link"))
    response = client.post(path, sent)
    assert response.status_code == 422
    assert not User.objects.exists()
    assert client.get(path).status_code == 200


def test_a_form_from_another_site_is_refused(manage: Manage) -> None:
    strict = Client(enforce_csrf_checks=True)
    path = path_of(manage("create_admin", "--link"))
    assert strict.post(path, {"email": "ops@example.com", "password": PASSWORD}).status_code == 403
    assert not User.objects.exists()


def test_with_an_administrator_there_is_no_link_and_no_error(manage: Manage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    manage("create_admin", "ops@example.com")
    said = manage("create_admin", "--link")
    assert said.code == 0
    assert "already" in said.output
    assert "http" not in said.output
