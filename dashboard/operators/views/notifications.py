"""The log of notifications: who was told what, how it went, and sending one again."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.web import filters
from dashboard.web.csv_export import csv_of
from dashboard.web.doors import ACT_ON_TENANTS, may, person_of, staff_action, staff_page
from dashboard.web.filters import Asked, Filters, Sort
from dashboard.web.keyset import every
from dashboard.web.looks import Look
from dashboard.web.paging import page_of
from integrations.notifications.choosing import send_again
from integrations.notifications.kinds import Kind
from integrations.notifications.models import Message
from integrations.problems import Problem
from tenants.audit import Actor

LIST = Filters(
    filters=(
        filters.search("The recipient's e-mail"),
        filters.choice("kind", "Kind", [(kind.value, str(kind.label)) for kind in Kind]),
        filters.choice("state", "State", Message.State.choices),
        filters.choice("channel", "Way", Message.Channel.choices),
    ),
    sorts=(Sort("at", ("-created_at", "-id")),),
)
COLUMNS: Mapping[str, Callable[[Message], Any]] = {
    "at": lambda message: message.created_at,
    "kind": lambda message: message.notice.kind,
    "tenant": lambda message: message.notice.tenant.external_id if message.notice.tenant else "",
    "source": lambda message: message.notice.facts.get("source", ""),
    "to": lambda message: message.user.email,
    "channel": lambda message: message.channel,
    "state": lambda message: message.state,
    "tries": lambda message: message.tries,
    "error": lambda message: message.error,
    "sent_at": lambda message: message.sent_at,
}
LOOKS = {
    Message.State.QUEUED: Look("run", "clock", "Queued"),
    Message.State.SENT: Look("ok", "circle-check-filled", "Sent"),
    Message.State.FAILED: Look("bad", "alert-triangle-filled", "Given up"),
}
RETRYING = Look("wait", "repeat", "Trying again")


@require_safe
@staff_page
def notifications(request: HttpRequest) -> HttpResponseBase:
    """Show who was told what, newest first, or send it as a file."""
    asked = LIST.read(request)
    rows = _messages(asked)
    if asked.wants_csv:
        return csv_of("notifications", COLUMNS, every(rows, asked.sort.fields))
    page = page_of(asked, rows, noun=("message", "messages"))
    lines = [(message, _look(message)) for message in page.rows]
    may_send = may(person_of(request), ACT_ON_TENANTS)
    context = {"list": asked, "shown": page, "lines": lines, "may_send": may_send}
    return render(request, "operators/notifications.html", context)


@require_POST
@staff_action(ACT_ON_TENANTS)
def send_notification_again(request: HttpRequest, message: UUID) -> HttpResponse:
    """Queue an e-mail once more."""
    found = Message.objects.filter(public_id=message).first()
    if found is None:
        raise Http404
    try:
        send_again(message=found, actor=Actor.person(person_of(request)), now=timezone.now())
    except Problem as problem:
        messages.error(request, problem.detail)
    else:
        messages.success(request, "The e-mail is queued and goes out within seconds.")
    return redirect("operator_notifications")


def _messages(asked: Asked) -> QuerySet[Message]:
    rows = Message.objects.select_related("notice__tenant", "user")
    for name, field in (("kind", "notice__kind"), ("state", "state"), ("channel", "channel")):
        if value := asked.value(name):
            rows = rows.filter(**{field: value})
    if words := asked.value("q"):
        rows = rows.filter(user__email__icontains=words)
    return rows


def _look(message: Message) -> Look:
    is_retried = message.state == Message.State.QUEUED and message.tries > 0
    return RETRYING if is_retried else LOOKS[Message.State(message.state)]
