"""Discarding: dead letters that nobody will send any more become settled. Nothing else ever ends a dead letter."""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from integrations.events.delivery_filter import DEAD, DeliveryFilter
from integrations.events.matching import start_of, walk
from integrations.events.models import Settled
from integrations.events.replays import Forecast, forecast
from tenants import audit
from tenants.audit import Actor

AT_ONCE = 50_000  # in one transaction

# Where the event is gone there is nothing left to be settled, nor a partition for it.
GIVE_UP = """
, gone as (
  delete from dead d using found f where d.source_id = f.source_id and d.event_id = f.event_id
  returning d.source_id, d.event_id, f.missing),
noted as (insert into settled (source_id, event_id, at, reason)
  select source_id, event_id, %(now)s, %(reason)s from gone where not missing on conflict do nothing)
"""


class Discarded(NamedTuple):
    """How many dead letters were given up, and whether more of them match."""

    deliveries: int
    more: bool


def forecast_discard(*, wanted: DeliveryFilter, everything: bool = False, now: datetime) -> Forecast:
    """Return which dead letters a discard would give up, and change nothing."""
    return forecast(wanted=_dead_only(wanted), everything=everything, now=now)


def discard_dead(*, wanted: DeliveryFilter, everything: bool = False, actor: Actor, now: datetime) -> Discarded:
    """Give up the dead letters of a filter, at most AT_ONCE of them: they end as settled, dropped. Cannot be undone.

    The filter's states do not count, and sources that were withdrawn do. Raises Problem for an unusable filter.
    """
    wanted = _dead_only(wanted)
    wanted.check(everything=everything)
    with transaction.atomic():
        stretch = walk(
            wanted,
            start_of(wanted),
            asked_at=now,
            scan=AT_ONCE,
            room=AT_ONCE,
            step=GIVE_UP,
            done="(select count(*) from gone)",
            now=now,
            reason=Settled.Reason.DROPPED.value,
        )
        audit.record(
            actor=actor,
            action="dead_letters:discard",
            at=now,
            object_type="environment",
            object_id=wanted.environment.public_id,
            tenant=wanted.tenant,
            after=wanted.described() | {"discarded": stretch.done},
        )
    return Discarded(stretch.done, more=stretch.found == AT_ONCE)


def _dead_only(wanted: DeliveryFilter) -> DeliveryFilter:
    return replace(wanted, states=[DEAD], of_withdrawn_sources=True)
