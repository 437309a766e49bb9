"""One's own account: the address, the password, second factors, sessions, and the zone in which moments are written."""

from dataclasses import dataclass
from typing import cast

from allauth.account import views as accounts
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.web.signed_in import signed_in
from dashboard.web.zone import zones
from tenants.access import is_staff
from tenants.models import User


@dataclass(frozen=True, slots=True)
class Factors:
    """What protects a sign-in beside the password."""

    has_app: bool
    keys: int
    codes_left: int

    @property
    def any(self) -> bool:
        """Whether a password alone does not suffice."""
        return self.has_app or self.keys > 0


@require_safe
@signed_in
def account(request: HttpRequest) -> HttpResponse:
    """Show one's account, with the way to everything that can be changed."""
    person = cast(User, request.user)
    context = {
        "factors": factors_of(person),
        "sessions": UserSession.objects.filter(user=person).count(),
        "zones": zones(),
    }
    return render(request, "account/index.html", context)


@signed_in
def email(request: HttpRequest) -> HttpResponseBase:
    """Let a person change the address, after writing down that the present one is proven: its invitation arrived.

    allauth takes an address that nobody has proven for the new one, and would remove it, and with it the sign-in.
    """
    person = cast(User, request.user)
    EmailAddress.objects.update_or_create(
        user=person, email=person.email.lower(), defaults={"verified": True, "primary": True}
    )
    answer: HttpResponseBase = accounts.email(request)
    return answer


def factors_of(person: User) -> Factors:
    """Return the second factors of a person, in one query."""
    found = list(Authenticator.objects.filter(user=person))
    codes = [each for each in found if each.type == Authenticator.Type.RECOVERY_CODES]
    return Factors(
        has_app=any(each.type == Authenticator.Type.TOTP for each in found),
        keys=sum(each.type == Authenticator.Type.WEBAUTHN for each in found),
        codes_left=sum(len(each.wrap().get_unused_codes()) for each in codes),
    )


def shell_of(request: HttpRequest) -> str:
    """Return the template around the pages of an account: staff keep their sidebar, tenants their portal."""
    return "base_staff.html" if isinstance(request.user, User) and is_staff(request.user) else "base_portal.html"
