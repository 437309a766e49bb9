"""Waiting for an adoption: this process works itself, so that a command needs no worker, beside one that may run."""

import time
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from integrations.reconciliation.models import Adoption
from integrations.reconciliation.working import only_worker, work

UNSETTLED = (Adoption.State.CHECKING, Adoption.State.APPLYING)
STRETCH = timedelta(seconds=5)
PAUSE = 0.5


def work_until_settled(adoption: Adoption, tell: Callable[[int, int], None]) -> Adoption:
    """Work until AWS was asked about every line, or every line was taken over; `tell` hears of it now and then."""
    while (current := Adoption.objects.get(pk=adoption.pk)).state in UNSETTLED:
        with only_worker() as alone:
            if alone:
                work(clock=timezone.now, life=STRETCH)
        if not alone:
            time.sleep(PAUSE)
        waiting = "adoptable" if current.state == Adoption.State.APPLYING else ""
        tell(current.total - current.lines.filter(finding=waiting).count(), current.total)
    return current
