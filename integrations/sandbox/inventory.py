"""Everything the simulator knows, as JSON for `GET /_sandbox/state` and for the console."""

from datetime import datetime
from typing import Any

import msgspec

from integrations.sandbox.arns import source_arn
from integrations.sandbox.partner_sources import Offer
from integrations.sandbox.queues import Queue
from integrations.sandbox.rules import Rule
from integrations.sandbox.simulator import Simulator
from integrations.sandbox.sources import expire_due


def inventory(simulator: Simulator, now: datetime) -> dict[str, Any]:
    """Moments are ISO 8601; counters count since the start of the process."""
    expire_due(simulator, now)
    owned = [*simulator.buses, *simulator.rules, *simulator.queues, *simulator.offers, *simulator.publishers]
    return {
        "now": now,
        "accounts": sorted({record.account for record in owned}),
        "publishers": list(simulator.publishers),
        "sources": [_source(offer) for offer in simulator.offers],
        "buses": [{**_plain(bus), "arn": bus.arn} for bus in simulator.buses],
        "rules": [_rule(rule) for rule in simulator.rules],
        "queues": [_queue(simulator, queue) for queue in simulator.queues],
        "newer_buses": [{**_plain(bus), "arn": bus.arn} for bus in simulator.newer_buses],
        "attachments": [{**_plain(one), "arn": one.arn} for one in simulator.attachments],
        "counters": dict(simulator.counters),
        "faults": simulator.faults.faults,
        "fault_counters": dict(simulator.faults.counters),
        "settings": simulator.settings,
    }


def _source(offer: Offer) -> dict[str, Any]:
    return {
        **_plain(offer),
        "state": offer.state,
        "bus_attached": offer.standing.value not in ("none", "pending"),
        "arn": source_arn(offer.region, offer.name),
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {**_plain(rule), "arn": rule.arn}


def _queue(simulator: Simulator, queue: Queue) -> dict[str, Any]:
    return {**_plain(queue), "arn": queue.arn, **_plain(simulator.messages.depth(queue))}


def _plain(record: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(record)
