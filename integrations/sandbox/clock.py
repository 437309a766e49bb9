"""Time travel: what exists gets older, while the simulator's now stays the wall clock."""

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from integrations.sandbox.simulator import Simulator
from integrations.sandbox.sources import expire_due

TEN_YEARS = 315_360_000


class Advance(Struct, frozen=True, forbid_unknown_fields=True):
    advance_seconds: Annotated[float, Meta(gt=0, le=TEN_YEARS)]


def advance(simulator: Simulator, by: Advance, now: datetime) -> int:
    """Age sources and buses, expire what is due and return how many sources expired.

    Messages keep their age: a test that jumps over a source's expiry must still find what was delivered before.
    """
    step = timedelta(seconds=by.advance_seconds)
    for offer in simulator.offers:
        simulator.offers.put(offer.aged(step))
    for bus in simulator.buses:
        simulator.buses.put(replace(bus, created_at=bus.created_at - step))
    for newer in simulator.newer_buses:
        simulator.newer_buses.put(replace(newer, created_at=newer.created_at - step))
    for attachment in simulator.attachments:
        simulator.attachments.put(replace(attachment, created_at=attachment.created_at - step))
    return expire_due(simulator, now)
