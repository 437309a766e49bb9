"""Provisioning: intent, call, outcome. Killed anywhere it is repeated, and adopts what AWS has only if it is ours."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from integrations.aws import partner_sources
from integrations.aws.errors import AwsError, ResourceAlreadyExists, RetryClass, SourceNotFound
from integrations.aws.publishers import Publisher
from integrations.sources.claims import lock_claimed
from integrations.sources.models import Desired, Source
from integrations.sources.setbacks import clear_failure, postpone

AFTER_PREDECESSOR = timedelta(seconds=2)


class OfferedElsewhere(AwsError):
    """AWS has a source of this name, and it is offered to another account."""

    default_class = RetryClass.FINAL
    explanation = (
        "AWS has a source of this name already, offered to another account. Create this one under another label, "
        "or delete the other one at AWS and provision again."
    )


class NotListedYet(AwsError):
    """AWS says that the source exists, but not to whom it is offered."""

    explanation = (
        "AWS says that the source exists, but not yet to which account it is offered. It is asked again by itself; "
        "if this lasts for an hour, delete the source at AWS."
    )


def provision(source: Source, clock: Callable[[], datetime]) -> None:
    """Create the claimed source at AWS and commit that, due for its first observation. Raises AwsError, LimitError."""
    if _predecessor_is_there(source):
        postpone(source, clock() + AFTER_PREDECESSOR)
        return
    arn = _create_or_adopt(source)
    with transaction.atomic():
        current = lock_claimed(source)
        if current is None:
            return
        current.arn = arn
        current.provisioned_at = current.due_at = clock()
        clear_failure(current)
        current.save()


def _predecessor_is_there(source: Source) -> bool:
    """Return whether a deleted offer of this name is still being taken back: AWS would refuse the name, or the deletion
    would hit the new offer."""
    deleted = Source.objects.filter(region=source.region, name=source.name, desired=Desired.ABSENT)
    return deleted.filter(due_at__isnull=False).exclude(pk=source.pk).exists()


def _create_or_adopt(source: Source) -> str:
    publisher, account = source.environment.publisher, str(source.account)
    try:
        return partner_sources.create(publisher, source.region, source.name, account)
    except ResourceAlreadyExists:
        _check_offered_to_us(source, publisher, account)
    return source.arn  # an earlier call of ours, whose outcome was not committed


def _check_offered_to_us(source: Source, publisher: Publisher, account: str) -> None:
    try:
        listed = [row.account for row in partner_sources.accounts_of(publisher, source.region, source.name)]
    except SourceNotFound:
        listed = []
    if not listed:
        raise NotListedYet("NotListedYet")
    if account not in listed:
        raise OfferedElsewhere("OfferedElsewhere")
