"""The first administrator: whoever opens the one-time link that the command line printed creates it."""

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tenants.administrators import InvalidAdministrator, administrator_exists, create_first_administrator

SALT = "partnerbus.first-administrator"
LIFETIME_SECONDS = 7 * 24 * 3600


class FirstAdminForm(forms.Form):
    """Who the administrator is; the domain checks the password."""

    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )


def first_admin_link() -> str:
    """Return the absolute link: signed, good for a week and only as long as there is no administrator."""
    path = reverse("first_admin", args=[signing.dumps("", salt=SALT)])
    return f"{settings.PUBLIC_URL}{path}"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def first_admin(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form, and on submit create the administrator and sign them in. 404 once the link has done its work."""
    _check(token)
    form = FirstAdminForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            user = create_first_administrator(**form.cleaned_data, now=timezone.now())
        except InvalidAdministrator as refusal:
            form.add_error(None, str(refusal))
        else:
            login(request, user)
            return redirect("/")
    return render(request, "registration/first_admin.html", {"form": form}, status=422 if form.errors else 200)


def _check(token: str) -> None:
    try:
        signing.loads(token, salt=SALT, max_age=LIFETIME_SECONDS)
    except signing.BadSignature:
        raise Http404 from None
    if administrator_exists():
        raise Http404
