"""Administrators: superusers, the first of whom may come in by a link as long as there is none."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction

from tenants import audit
from tenants.audit import Actor
from tenants.models import User

EMAIL_LENGTH = 254


class InvalidAdministrator(ValueError):
    """An e-mail address or a password that cannot be used, or a first administrator who is not the first."""


def create_administrator(*, email: str, password: str, actor: Actor, now: datetime) -> User:
    """Create a superuser. Raises InvalidAdministrator, whose text says what to change."""
    _check(email, password)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, is_superuser=True, is_staff=True)
            audit.record(
                actor=actor,
                action="administrator:create",
                at=now,
                object_type="user",
                object_id=user.public_id,
                after={"email": user.email},
            )
    except IntegrityError:
        raise InvalidAdministrator(f"There is a person with the address {email} already.") from None
    return user


def create_first_administrator(*, email: str, password: str, now: datetime) -> User:
    """Create the superuser of an installation that has none, of two at once only one.

    Raises InvalidAdministrator, also when somebody was first.
    """
    with transaction.atomic():
        # Against another first administrator; people may go on signing in, which only updates rows they hold.
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtext('first administrator'))")
        if administrator_exists():
            raise InvalidAdministrator("This installation has an administrator already; this link has done its work.")
        return create_administrator(email=email, password=password, actor=Actor.system("first visitor"), now=now)


def administrator_exists() -> bool:
    """Return whether there is a superuser, active or not."""
    return User.objects.filter(is_superuser=True).exists()


def _check(email: str, password: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidAdministrator(f"{email!r} is not an e-mail address.") from None
    if len(email) > EMAIL_LENGTH:
        raise InvalidAdministrator(f"The e-mail address has more than {EMAIL_LENGTH} characters.")
    try:
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise InvalidAdministrator(" ".join(error.messages)) from None
