"""What people do with notifications: choose, read, and send one again."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from integrations.notifications.kinds import AUDIENCES, Kind
from integrations.notifications.models import Message, Preference
from integrations.notifications.recipients import Wants, default_of
from integrations.problems import Problem
from tenants import audit
from tenants.access import is_staff, tenants_of
from tenants.audit import Actor
from tenants.models import User


def kinds_for(user: User) -> list[Kind]:
    """Return the kinds that may ever concern this person."""
    is_member = user.memberships.exists()
    return [
        kind
        for kind in Kind
        if user.is_superuser or user.staff_role in AUDIENCES[kind].roles or (is_member and AUDIENCES[kind].tenants)
    ]


def preferences_of(user: User) -> dict[Kind, Wants]:
    """Return what this person gets of each kind."""
    chosen = {each.kind: Wants(each.email, each.list) for each in Preference.objects.filter(user=user)}
    return {kind: chosen.get(kind) or default_of(user, kind) for kind in kinds_for(user)}


def choose(*, user: User, wanted: Mapping[Kind, Wants], actor: Actor, now: datetime) -> None:
    """Store what this person wants to get; kinds that do not concern them are left out."""
    allowed = set(kinds_for(user))
    with transaction.atomic():
        before = preferences_of(user)
        for kind, wants in wanted.items():
            if kind in allowed:
                Preference.objects.update_or_create(
                    user=user, kind=kind, defaults={"email": wants.email, "list": wants.list}
                )
        audit.record(
            actor=actor,
            action="notifications:choose",
            at=now,
            object_type="user",
            object_id=user.public_id,
            before=_words(before),
            after=_words(preferences_of(user)),
        )


def list_of(user: User) -> QuerySet[Message]:
    """Return the messages in this person's list, newest first; of a tenant's only while it is their own."""
    return _listed(user).select_related("notice").order_by("-pk")


def unread_of(user: User) -> int:
    """Return how many of them are unread; counting stops at 100."""
    return _listed(user).filter(read_at=None)[:100].count()


def _listed(user: User) -> QuerySet[Message]:
    listed = Message.objects.filter(user=user, channel=Message.Channel.LIST)
    return listed if is_staff(user) else listed.filter(notice__tenant__in=tenants_of(user).values("pk"))


def mark_read(*, user: User, now: datetime) -> int:
    """Mark everything in this person's list as read. It is nobody else's business, so it has no audit line."""
    return Message.objects.filter(user=user, channel=Message.Channel.LIST, read_at=None).update(read_at=now)


def send_again(*, message: Message, actor: Actor, now: datetime) -> None:
    """Queue an e-mail that was sent or given up once more. Raises Problem 409 `message_queued`, `not_an_email`."""
    with transaction.atomic():
        current = (
            Message.objects.select_for_update(of=("self",)).select_related("user", "notice__tenant").get(pk=message.pk)
        )
        if current.channel != Message.Channel.EMAIL:
            raise Problem(409, "not_an_email", "It stands in the person's list; only e-mails can be sent again.")
        if current.state == Message.State.QUEUED and current.tries == 0:
            raise Problem(409, "message_queued", "It waits to be sent already. Wait a minute and look again.")
        before = {"state": current.state, "tries": current.tries}
        current.state, current.due_at, current.tries, current.error = Message.State.QUEUED, now, 0, ""
        current.save(update_fields=["state", "due_at", "tries", "error"])
        audit.record(
            actor=actor,
            action="notification:send_again",
            at=now,
            object_type="notification",
            object_id=current.public_id,
            tenant=current.notice.tenant,
            before=before,
            after={"to": current.user.email},
        )


def _words(wants: Mapping[Kind, Wants]) -> dict[str, str]:
    return {
        kind.value: ", ".join(name for name, on in (("email", each.email), ("list", each.list)) if on) or "nothing"
        for kind, each in wants.items()
    }
