"""How people sign in: by invitation only, with words that say what to do and not who exists."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth with nobody signing up, links on our public address, and our own sentences."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "This e-mail and password do not belong together. Try again, or reset the password.",
        "too_many_login_attempts": "Too many attempts. Wait five minutes, then try again, or reset the password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: a colleague who is in already invites you."""
        return False

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Set it, and end a change of address that is not confirmed: whoever began it knew the password before."""
        super().set_password(user, password)
        EmailAddress.objects.filter(user_id=user.pk, verified=False).delete()

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Say so on the sign-in page; only somebody who knows the password gets here."""
        messages.error(request, "This account is switched off. Ask the person who invited you to switch it on.")
        return HttpResponseRedirect(reverse("account_login"))

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Leave out allauth's remarks: the next page shows what has happened."""

    def format_email_subject(self, subject: str) -> str:
        """Return the subject as the template has it."""
        return subject

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """Return the link of the mail that confirms an address, on PUBLIC_URL."""
        return f"{settings.PUBLIC_URL}{reverse('account_confirm_email', args=[emailconfirmation.key])}"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of the reset mail on PUBLIC_URL: what a request says its host is does not go into a mail."""
        uid, token = key.split("-", 1)
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return f"{settings.PUBLIC_URL}{path}"
