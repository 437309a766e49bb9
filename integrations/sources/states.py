"""The state that people see, derived from what we want, what AWS says and what became of our calls."""

from django.db.models import Q, TextChoices

from integrations.sources.models import Desired, Observed, Source

_NOT_AT_AWS = (Observed.NONE, Observed.DELETED)


class ShownState(TextChoices):
    """The words of the API and of every page."""

    REQUESTED = "requested", "Requested"
    FAILED = "failed", "Failed"
    PENDING = "pending", "Pending"
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    EXPIRED = "expired", "Expired"
    GONE = "gone", "Gone"


def shown_state(source: Source) -> ShownState:
    """Return the state to show; the first line that fits counts."""
    provisioned = source.provisioned_at is not None
    if source.desired == Desired.ABSENT and (source.observed in _NOT_AT_AWS or not provisioned):
        return ShownState.GONE
    if source.ended == "expired":
        return ShownState.EXPIRED
    if source.ended == "gone" or source.observed == Observed.DELETED:
        return ShownState.GONE
    if not provisioned:
        return ShownState.FAILED if source.failure_final else ShownState.REQUESTED
    if source.desired == Desired.PAUSED:
        return ShownState.PAUSED
    return ShownState.ACTIVE if source.observed == Observed.ACTIVE else ShownState.PENDING


_WITHDRAWN = Q(desired=Desired.ABSENT) & (Q(observed__in=_NOT_AT_AWS) | Q(provisioned_at=None))
_ENDED = Q(ended="gone") | Q(observed=Observed.DELETED)
_LIVES = ~_WITHDRAWN & ~Q(ended="expired") & ~_ENDED
_PROVISIONED = _LIVES & Q(provisioned_at__isnull=False)


def shown_as(state: ShownState) -> Q:
    """Return the condition for sources that are shown in this state: `shown_state` for the database."""
    return {
        ShownState.GONE: _WITHDRAWN | (~Q(ended="expired") & _ENDED),
        ShownState.EXPIRED: ~_WITHDRAWN & Q(ended="expired"),
        ShownState.FAILED: _LIVES & Q(provisioned_at=None, failure_final=True),
        ShownState.REQUESTED: _LIVES & Q(provisioned_at=None, failure_final=False),
        ShownState.PAUSED: _PROVISIONED & Q(desired=Desired.PAUSED),
        ShownState.ACTIVE: _PROVISIONED & ~Q(desired=Desired.PAUSED) & Q(observed=Observed.ACTIVE),
        ShownState.PENDING: _PROVISIONED & ~Q(desired=Desired.PAUSED) & ~Q(observed=Observed.ACTIVE),
    }[state]
