"""Administrators, and the first of them."""

import threading
from datetime import UTC, datetime

import pytest
from django.contrib.auth import authenticate
from django.db import connections

from tenants.administrators import (
    InvalidAdministrator,
    administrator_exists,
    create_administrator,
    create_first_administrator,
)
from tenants.audit import Actor
from tenants.models import AuditEntry, User

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db


def create(email: str, password: str = PASSWORD) -> User:
    return create_administrator(email=email, password=password, actor=Actor.system("test"), now=NOW)


def test_an_administrator_may_sign_in_and_everything_else() -> None:
    user = create("ops@example.com")
    assert authenticate(email="ops@example.com", password=PASSWORD) == user
    assert user.is_superuser
    assert administrator_exists()


def test_an_administrators_creation_is_in_the_audit_log_without_the_password() -> None:
    user = create("ops@example.com")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id) == ("administrator:create", str(user.public_id))
    assert entry.after == {"email": "ops@example.com"}


@pytest.mark.parametrize("email", ["", "ops", "ops@", "a b@example.com", "ops@example.com\n", "o\x00@example.com"])
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(InvalidAdministrator, match="e-mail"):
        create(email)


@pytest.mark.parametrize("password", ["", "short", "password1234", "administrator@example.com"])
def test_a_password_that_can_be_guessed_is_refused(password: str) -> None:
    with pytest.raises(InvalidAdministrator):
        create("administrator@example.com", password)
    assert not User.objects.exists()


def test_a_second_person_with_the_same_address_is_refused_whatever_its_case() -> None:
    create("ops@example.com")
    with pytest.raises(InvalidAdministrator, match="already"):
        create("OPS@example.com")
    assert AuditEntry.objects.count() == 1


def test_only_an_installation_without_administrator_has_a_first_one() -> None:
    create("ops@example.com")
    with pytest.raises(InvalidAdministrator, match="already"):
        create_first_administrator(email="intruder@example.com", password=PASSWORD, now=NOW)
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_several_first_administrators_at_once_there_is_one() -> None:
    start = threading.Barrier(3)
    outcomes: list[str] = []

    def race(number: int) -> None:
        start.wait()
        try:
            create_first_administrator(email=f"first{number}@example.com", password=PASSWORD, now=NOW)
            outcomes.append("created")
        except InvalidAdministrator:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["created", "refused", "refused"]
    assert User.objects.filter(is_superuser=True).count() == 1
