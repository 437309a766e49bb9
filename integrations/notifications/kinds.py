"""The kinds of notices: whom they concern, and what a person gets who has chosen nothing."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from tenants.models import StaffRole


class Kind(TextChoices):
    """What happened."""

    ACTIVATED = "activated", _("A source is connected")
    EXPIRING = "expiring", _("An offer ends soon")
    EXPIRED = "expired", _("An offer ended, or a source is gone")
    HELD = "held", _("Events are held for long")
    FAILING = "failing", _("Sending fails")
    RECOVERED = "recovered", _("Sending works again")
    REPROVISIONED = "reprovisioned", _("A source is offered again")
    OVERDUE = "overdue", _("A stage with AWS is overdue")
    VALIDATION = "validation", _("The validation with AWS is near")


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of a kind. `mails_staff`: staff get an e-mail unless they chose otherwise; the list has it anyhow."""

    tenants: bool
    roles: tuple[StaffRole, ...]
    mails_staff: bool = False


SUPPORT = (StaffRole.OPERATIONS, StaffRole.SUPPORT)
AUDIENCES: dict[str, Audience] = {
    Kind.ACTIVATED: Audience(True, SUPPORT),
    Kind.EXPIRING: Audience(True, (*SUPPORT, StaffRole.MANAGER)),
    Kind.EXPIRED: Audience(True, (*SUPPORT, StaffRole.MANAGER), mails_staff=True),
    Kind.HELD: Audience(True, SUPPORT),
    Kind.FAILING: Audience(True, SUPPORT, mails_staff=True),
    Kind.RECOVERED: Audience(True, SUPPORT, mails_staff=True),
    Kind.REPROVISIONED: Audience(True, SUPPORT),
    Kind.OVERDUE: Audience(False, (StaffRole.OPERATIONS, StaffRole.MANAGER), mails_staff=True),
    Kind.VALIDATION: Audience(False, (StaffRole.OPERATIONS, StaffRole.MANAGER), mails_staff=True),
}
