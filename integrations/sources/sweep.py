"""The sweep: take the due sources one after the other to their next step with AWS, within a budget."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from integrations.aws.errors import AccessDenied, AwsError, error_class
from integrations.aws.limits import LimitError
from integrations.registration.breakers import claim_probe, close_breaker
from integrations.registration.models import Breaker
from integrations.sources.claims import due
from integrations.sources.deletion import withdraw
from integrations.sources.gate import announce_opening
from integrations.sources.models import Desired, Source
from integrations.sources.observation import observe
from integrations.sources.provisioning import provision
from integrations.sources.setbacks import postpone, set_back
from integrations.sources.timing import spread
from integrations.sources.turns import Turns

STEPS = 400
LIFE = timedelta(seconds=20)
AFTER_PROBE = timedelta(seconds=1)

log = logging.getLogger(__name__)


def sweep(
    *,
    clock: Callable[[], datetime],
    steps: int = STEPS,
    life: timedelta = LIFE,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Advance due sources until none is left, or `steps` were taken, or `life` is over; return whether more is due."""
    ends_at = clock() + life
    turns = Turns(clock, sleep)
    for _ in range(steps):
        source = turns.next(ends_at)
        if source is None:
            break
        _advance_alone(source, clock)
    return due(clock()).exists()


def advance(source: Source, clock: Callable[[], datetime]) -> None:
    """Take the claimed source a step: provision, observe or delete it. Waits while the publisher's breaker is open."""
    now = clock()
    breaker = _breaker_of(source)
    probe = claim_probe(environment_id=source.environment_id, region=source.region, now=now) if breaker else None
    if breaker and probe is None:
        postpone(source, max(breaker.retry_at, now) + spread(AFTER_PROBE))
        return
    try:
        _step_of(source)(source, clock)
    except (AwsError, LimitError) as error:
        set_back(source, error, clock())
    else:
        if probe is not None and close_breaker(environment_id=source.environment_id, region=source.region, tries=probe):
            announce_opening("")


def _step_of(source: Source) -> Callable[[Source, Callable[[], datetime]], None]:
    if source.desired == Desired.ABSENT:
        return withdraw
    return provision if source.provisioned_at is None else observe


def _breaker_of(source: Source) -> Breaker | None:
    breaker = Breaker.objects.filter(environment=source.environment, region=source.region).first()
    # When publishing alone is denied, the other operations may well be allowed; their success would prove nothing.
    return None if breaker and error_class(breaker.code) is AccessDenied else breaker


def _advance_alone(source: Source, clock: Callable[[], datetime]) -> None:
    """One source that cannot be handled must not hold up the others; its claim brings it back in a minute."""
    try:
        advance(source, clock)
    except Exception:
        log.exception("advancing a source failed", extra={"source": str(source.public_id)})
