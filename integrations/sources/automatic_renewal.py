"""Offering expired sources again by themselves, where their environment says so, and only so many times."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from integrations.problems import Problem
from integrations.sources.models import Desired, Source, SourceChange
from integrations.sources.observation import EXPIRED
from integrations.sources.renewal import reprovision
from tenants.audit import Actor

AT_ONCE = 100
ACTOR = Actor.system("expiry policy")


def renew_expired(now: datetime) -> int:
    """Provision what has expired again, up to `expiry_renewals` times until it is ACTIVE; return how many were.

    One transaction each, so a run that is killed has done what it has done. A paused source is nobody's to offer.
    """
    due = Source.objects.filter(
        ended=EXPIRED,
        desired=Desired.PRESENT,
        provisioned_at__isnull=False,
        tenant__closed_at=None,
        renewals__lt=F("environment__expiry_renewals"),
    )
    return sum(_renew(source, now) for source in due.select_related("environment").order_by("pk")[:AT_ONCE])


def _renew(found: Source, now: datetime) -> bool:
    allowed = found.environment.expiry_renewals
    try:
        with transaction.atomic():
            note = f"Offered again by itself, {found.renewals + 1} of {allowed} times. Nobody has accepted it yet."
            source = reprovision(source=found, actor=ACTOR, now=now, cause=SourceChange.Cause.SCHEDULE, note=note)
            Source.objects.filter(pk=source.pk).update(renewals=F("renewals") + 1)
    except Problem:  # somebody was faster: it is offered again already, or its tenant closed
        return False
    return True
