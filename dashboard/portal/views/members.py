"""The members of a tenant: who may see its pages, who may act, and who is invited."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.portal.shell import shell
from dashboard.web import mails
from dashboard.web.brand import brand_of
from dashboard.web.doors import tenant_action, tenant_page
from dashboard.web.visitors import visitor_of
from integrations.mail_server import mails_go_out
from tenants.invitations import (
    invitation_for,
    invite,
    note_sent,
    open_invitations,
    renew_invitation,
    revoke_invitation,
)
from tenants.members import change_role, member_for, members_of, remove_member
from tenants.models import Invitation, Membership, PortalSession, Tenant
from tenants.portal_sessions import end_session, sessions_of
from tenants.refusals import Refusal

ROLES: list[tuple[str, str | Promise]] = [
    (Membership.Role.VIEWER, gettext_lazy("Viewer: sees everything, changes nothing")),
    (Membership.Role.ADMIN, gettext_lazy("Admin: connects accounts, replays events, invites people")),
]


class InvitationForm(forms.Form):
    """Whom to invite; the domain checks the address."""

    email = forms.CharField(
        label=gettext_lazy("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=ROLES)


@require_safe
@tenant_page
def members(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Show the members and who is invited."""
    return _page(request, tenant, InvitationForm())


@require_POST
@tenant_action
def invite_member(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Invite somebody and mail the link."""
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, tenant, form)
    try:
        invitation, token = invite(
            tenant=tenant, **form.cleaned_data, actor=visitor_of(request).actor, now=timezone.now()
        )
    except Refusal as refusal:
        form.add_error("email", str(refusal))
        return _page(request, tenant, form)
    return _sent(request, tenant, invitation, token)


@require_POST
@tenant_action
def resend_invitation(request: HttpRequest, tenant: Tenant, invitation: str) -> HttpResponse:
    """Mail a new link; the old one ends."""
    found = invitation_for(tenant, invitation)
    try:
        renewed, token = renew_invitation(invitation=found, actor=visitor_of(request).actor, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("portal_members", tenant=tenant.public_id)
    return _sent(request, tenant, renewed, token)


@require_POST
@tenant_action
def withdraw_invitation(request: HttpRequest, tenant: Tenant, invitation: str) -> HttpResponse:
    """Make an invitation worthless."""
    found = invitation_for(tenant, invitation)
    revoke_invitation(invitation=found, actor=visitor_of(request).actor, now=timezone.now())
    messages.success(request, _("The invitation of %s is withdrawn; its link opens nothing any more.") % found.email)
    return redirect("portal_members", tenant=tenant.public_id)


@require_POST
@tenant_action
def change_member(request: HttpRequest, tenant: Tenant, person: str) -> HttpResponse:
    """Give a member another role."""
    found, role = member_for(tenant, person), request.POST.get("role", "")
    said = _("%(email)s is %(role)s now.") % {"email": found.user.email, "role": role}
    return _acted(request, tenant, change_role, said, membership=found, role=role)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_action
def dismiss_member(request: HttpRequest, tenant: Tenant, person: str) -> HttpResponseBase:
    """Ask, and then take a member's access."""
    found = member_for(tenant, person)
    if request.method != "POST":
        return render(request, "portal/remove_member.html", shell(request, tenant, "portal_members", member=found))
    said = _("%s is no member any more.") % found.user.email
    return _acted(request, tenant, remove_member, said, membership=found)


@require_POST
@tenant_action
def end_visit(request: HttpRequest, tenant: Tenant, session: str) -> HttpResponse:
    """End somebody's visit by a link of the provider."""
    found = PortalSession.objects.filter(tenant=tenant, public_id__in=_uuids(session)).first()
    if found is not None:
        end_session(session=found, actor=visitor_of(request).actor, now=timezone.now())
        messages.success(request, _("The visit is over."))
    return redirect("portal_members", tenant=tenant.public_id)


def _uuids(text: str) -> list[str]:
    try:
        return [forms.UUIDField().clean(text)]
    except forms.ValidationError:
        return []


def _acted(request: HttpRequest, tenant: Tenant, act: Callable[..., None], said: str, **arguments: Any) -> HttpResponse:
    try:
        act(**arguments, actor=visitor_of(request).actor, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("portal_members", tenant=tenant.public_id)


def _sent(request: HttpRequest, tenant: Tenant, invitation: Invitation, token: str) -> HttpResponse:
    """Mail the link, and only where no mail goes out show it once.

    Whoever reads it can make the account of the invited address, so it is for the owner of that mailbox alone.
    """
    link = f"{settings.PUBLIC_URL}{reverse('portal_join', args=[token])}"
    mailed = mails.send(
        "invitation", invitation.email, {"invitation": invitation, "link": link, "brand": brand_of(tenant)}
    )
    if mailed:
        note_sent(invitation=invitation, now=timezone.now())
    shown = "" if mails_go_out() else link
    context = shell(request, tenant, "portal_members", invitation=invitation, link=shown, mailed=mailed)
    response = render(request, "portal/invited.html", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _page(request: HttpRequest, tenant: Tenant, form: InvitationForm) -> HttpResponse:
    now = timezone.now()
    context = shell(
        request,
        tenant,
        "portal_members",
        form=form,
        members=list(members_of(tenant)),
        invitations=[(each, each.expires_at <= now) for each in open_invitations(tenant)],
        visits=list(sessions_of(tenant, now=now)) if visitor_of(request).acts else [],
    )
    return render(request, "portal/members.html", context, status=422 if form.errors else 200)
