"""Accepting an invitation: with the account that has its address, or with a new one."""

from django import forms
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from dashboard.web.brand import brand_of
from tenants.invitations import accept, accept_as_new, invitation_behind
from tenants.models import Invitation, Membership, User
from tenants.people import person_at
from tenants.refusals import Refusal


class AccountForm(forms.Form):
    """Who somebody new is; the address is the invited one."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=gettext_lazy("At least 12 characters, and none that everybody uses."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is offered, and accept it on submit. A link that is over says so."""
    invitation = invitation_behind(token, now=timezone.now())
    if invitation is None:
        return _unreferred(render(request, "portal/invitation_over.html", status=410))
    if request.user.is_authenticated:
        return _unreferred(_with_account(request, invitation, request.user))
    if person_at(invitation.email) is not None:
        return _unreferred(_page(request, invitation, sign_in=True))
    return _unreferred(_as_new(request, invitation))


def _with_account(request: HttpRequest, invitation: Invitation, person: User) -> HttpResponse:
    if request.method != "POST":
        return _page(request, invitation, person=person)
    try:
        return _entered(accept(invitation=invitation, person=person, now=timezone.now()))
    except Refusal as refusal:
        return _page(request, invitation, person=person, refusal=str(refusal), status=409)


def _as_new(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = AccountForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            membership = accept_as_new(invitation=invitation, **form.cleaned_data, now=timezone.now())
        except Refusal as refusal:
            form.add_error("password" if refusal.code == "password_weak" else None, str(refusal))
        else:
            login(request, membership.user)
            return _entered(membership)
    return _page(request, invitation, form=form, status=422 if form.errors else 200)


def _entered(membership: Membership) -> HttpResponse:
    return redirect("portal_connection", tenant=membership.tenant.public_id)


def _page(request: HttpRequest, invitation: Invitation, status: int = 200, **context: object) -> HttpResponse:
    context |= {"invitation": invitation, "brand": brand_of(invitation.tenant)}
    return render(request, "portal/join.html", context, status=status)


def _unreferred(response: HttpResponse) -> HttpResponse:
    """The address is the secret: it goes to no other site. `no-referrer` would make the form's own Origin `null`."""
    response.headers["Referrer-Policy"] = "same-origin"
    return response
