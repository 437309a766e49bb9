"""People: accounts with a password of their own choice, made when an invitation is accepted."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tenants.models import User
from tenants.refusals import Refusal

NAME_LENGTH = 200


def person_at(email: str) -> User | None:
    """Return who has this address, without regard to case."""
    return User.objects.filter(email__iexact=email).first()


def create_person(*, email: str, name: str, password: str) -> User:
    """Create somebody who can sign in. Raises Refusal `name_invalid`, `password_weak`, `person_exists`."""
    if len(name) > NAME_LENGTH or not name.isprintable():
        raise Refusal("name_invalid", _("A name has up to %d printable characters.") % NAME_LENGTH)
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        raise Refusal("password_weak", " ".join(error.messages)) from None
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name)
    except IntegrityError:
        raise Refusal("person_exists", _("%s has an account already. Sign in with it to accept.") % email) from None
