"""A person's own notifications, staff and tenants alike: the list, and what they want to be told."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.web.doors import person_of
from dashboard.web.signed_in import signed_in
from integrations.notifications.choosing import choose, kinds_for, list_of, mark_read, preferences_of
from integrations.notifications.models import Message
from integrations.notifications.recipients import Wants
from integrations.notifications.texts import Told, told
from tenants.access import is_staff
from tenants.audit import Actor
from tenants.models import User

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Item:
    """One message as the list shows it."""

    message: Message
    told: Told


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def notifications(request: HttpRequest) -> HttpResponse:
    """Show the newest notifications and the choices; store the choices."""
    person = person_of(request)
    if request.method == "POST":
        wanted = {
            kind: Wants(*(f"{kind}-{way}" in request.POST for way in ("email", "list"))) for kind in kinds_for(person)
        }
        choose(user=person, wanted=wanted, actor=Actor.person(person), now=timezone.now())
        messages.success(request, _("Your choice is stored."))
        return redirect("notifications")
    context = {
        "layout": "base_staff.html" if is_staff(person) else "base_portal.html",
        "items": inbox_of(person),
        "preferences": preferences_of(person).items(),
        "limit": SHOWN,
    }
    return render(request, "accounts/notifications.html", context)


@require_POST
@signed_in
def read_notifications(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    mark_read(user=person_of(request), now=timezone.now())
    return redirect("notifications")


def inbox_of(person: User) -> list[Item]:
    """Return the newest messages of this person's list, in words."""
    return [Item(message, told(message.notice, person)) for message in list_of(person)[:SHOWN]]
