"""The state that people see, derived from what we want, what AWS says and what became of our calls."""

from django.db.models import TextChoices

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
