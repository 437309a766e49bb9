"""How notices read: a folder of templates for each kind, and one for several notices in one mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from integrations.notifications.kinds import Kind
from integrations.notifications.models import Notice
from tenants.access import is_staff
from tenants.models import User


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in words for one reader."""

    notice: Notice
    title: str
    text: str
    url: str


def told(notice: Notice, user: User) -> Told:
    """Write a notice for this person: tenants read nothing of the provider's own."""
    context = _context(notice, user)
    return Told(notice, _plain(notice.kind, "subject", context), _plain(notice.kind, "body", context), context["url"])


def mail_of(user: User, notices: Sequence[Notice]) -> EmailMultiAlternatives:
    """Return the mail that tells these notices to this person; several become one."""
    each = [told(notice, user) for notice in notices]
    name = notices[0].kind if len(notices) == 1 else "several"
    context = (_context(notices[0], user) if len(notices) == 1 else {}) | {
        "several": each,
        "number": len(each),
        "url": each[0].url,
        "preferences_url": f"{settings.PUBLIC_URL}{reverse('notifications')}",
    }
    text = render_to_string("emails/frame.txt", context | {"template": f"emails/{name}/body.txt"})
    mail = EmailMultiAlternatives(_plain(name, "subject", context), text, to=[user.email])
    mail.attach_alternative(render_to_string(f"emails/{name}/body.html", context), "text/html")
    return mail


def _plain(name: str, part: str, context: dict[str, Any]) -> str:
    """Write one part on one line, unescaped: it is escaped where it goes into a page."""
    text = render_to_string("emails/plain.txt", context | {"template": f"emails/{name}/{part}.txt"})
    return " ".join(text.split())


def _context(notice: Notice, user: User) -> dict[str, Any]:
    url = f"{settings.PUBLIC_URL}{_path(notice, user)}"
    return {"facts": notice.facts, "for_staff": is_staff(user), "url": url, "at": notice.at}


def _path(notice: Notice, user: User) -> str:
    facts = notice.facts
    if notice.kind == Kind.OVERDUE:
        return reverse("onboarding_integration", args=[facts["integration_id"]])
    if notice.kind == Kind.VALIDATION:
        return reverse("onboarding_validation", args=[facts["integration_id"]])
    if not facts.get("source_id"):  # a breaker
        return reverse("operator_health")
    if is_staff(user) and facts.get("dead_letters"):  # those of a tenant without a source have no other page
        return f"{reverse('operator_events')}?{urlencode({'state': 'dead', 'source': facts['source_id']})}"
    if is_staff(user):
        return reverse("operator_source", args=[facts["source_id"]])
    return reverse("portal_connection", args=[facts["tenant_id"]])
