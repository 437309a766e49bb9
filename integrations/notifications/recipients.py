"""Whom a notice concerns, and how each of them wants to hear of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from integrations.notifications.kinds import AUDIENCES
from integrations.notifications.models import Notice, Preference
from tenants.access import is_staff
from tenants.models import User


@dataclass(frozen=True, slots=True)
class Wants:
    """The channels of one person for one kind."""

    email: bool
    list: bool


def recipients_of(notice: Notice) -> Iterator[tuple[User, Wants]]:
    """Yield the active people whom the notice concerns and who want it by any channel."""
    chosen = {each.user_id: each for each in Preference.objects.filter(kind=notice.kind)}
    for user in _concerned(notice):
        preference = chosen.get(user.pk)
        wants = Wants(preference.email, preference.list) if preference else default_of(user, notice.kind)
        if wants.email or wants.list:
            yield user, wants


def concerns(notice: Notice, user: User) -> bool:
    """Return whether the notice still concerns this person: rights end between what happened and the mail."""
    # A kind that an older release does not know is refused where it is written, which says so in the log.
    return notice.kind not in AUDIENCES or _concerned(notice).filter(pk=user.pk).exists()


def default_of(user: User, kind: str) -> Wants:
    """Return what a person gets who has chosen nothing: members are mailed, staff where it is urgent."""
    return Wants(email=AUDIENCES[kind].mails_staff if is_staff(user) else True, list=True)


def _concerned(notice: Notice) -> QuerySet[User]:
    audience = AUDIENCES[notice.kind]
    people = Q(staff_role__in=audience.roles) | Q(is_superuser=True)
    if audience.tenants and notice.tenant_id is not None:
        people |= Q(memberships__tenant=notice.tenant_id)
    return User.objects.filter(people, is_active=True).distinct().order_by("pk")
