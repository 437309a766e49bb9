"""Rotating API keys: a new key beside the old one, which ends after a time in which a backend can change over."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least

from integrations.problems import Problem
from integrations.registration.keys import forget_keys, issue_key
from integrations.registration.models import ApiKey
from tenants import audit
from tenants.audit import Actor

LONGEST_OVERLAP = timedelta(days=30)


def rotate_key(*, key: ApiKey, overlap: timedelta, actor: Actor, now: datetime) -> tuple[ApiKey, str]:
    """Issue a key with the same name, scopes and rate, and let the old one end after `overlap`; return the new one
    with its secret text, which cannot be shown again.

    The new key lives as long as the old one was meant to, from now on. Raises Problem for a key that has ended
    already and for an overlap that is negative or longer than LONGEST_OVERLAP.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Problem(422, "overlap_invalid", f"Let the old key go on for 0 to {LONGEST_OVERLAP.days} days.")
    with transaction.atomic():
        old = ApiKey.objects.select_for_update().select_related("environment").get(pk=key.pk)
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
            raise Problem(409, "key_ended", "This key has ended already. Issue a new one instead.")
        issued = issue_key(
            environment=old.environment,
            name=old.name,
            scopes=old.scopes,
            expires_at=old.expires_at and now + (old.expires_at - old.created_at),
            events_per_second=old.events_per_second,
            actor=actor,
            now=now,
        )
        ends_at = now + overlap
        ApiKey.objects.filter(pk=old.pk).update(expires_at=Least(ends_at, F("expires_at")))
        transaction.on_commit(forget_keys)
        audit.record(
            actor=actor,
            action="key:rotate",
            at=now,
            object_type="key",
            object_id=old.public_id,
            before={"expires_at": old.expires_at and old.expires_at.isoformat()},
            after={
                "expires_at": min(ends_at, old.expires_at or ends_at).isoformat(),
                "replaced_by": str(issued[0].public_id),
            },
        )
    return issued
