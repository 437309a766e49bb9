"""From an accepted entry to the queues of the matching rules, the detail exactly as it was sent.

Queue policies are not enforced: at AWS a queue must allow events.amazonaws.com, here every queue of the account does.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct

from integrations.patterns import MatchTooCostly
from integrations.sandbox.attachments import MANAGED_RULE, attachment_of
from integrations.sandbox.inbox import LONGEST_TEXT, Arrival, Taken

if TYPE_CHECKING:
    from integrations.sandbox.queues import Queue
    from integrations.sandbox.rules import Rule, Target
    from integrations.sandbox.simulator import Simulator

log = logging.getLogger(__name__)

DEEPEST_DETAIL = 1000
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


class Event(Struct, frozen=True):
    """One accepted entry. `detail` is its parsed form, `detail_text` the text that is delivered."""

    id: str
    detail_type: str
    source: str
    time: datetime
    resources: list[str]
    detail: dict[str, Any]
    detail_text: str


def decoded_object(text: str) -> dict[str, Any] | None:
    """The JSON object in the text, or None when it is none or nests deeper than 1,000 levels."""
    if _nesting(text) > DEEPEST_DETAIL:
        return None
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")  # Python's decoder alone would take NaN and Infinity


def _nesting(text: str) -> int:
    if text.count("{") + text.count("[") <= DEEPEST_DETAIL:
        return 0  # it cannot be deeper than it has brackets
    depth = deepest = 0
    for bracket in re.findall(r"[][{}]", STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def deliver(simulator: "Simulator", event: Event, account: str, region: str, bus: str) -> None:
    """Send the event to the targets of all matching rules of one bus, and note it in the inbox."""
    rules = simulator.rules.group(account, region, bus)
    envelope = _envelope(event, account, region)
    parsed = {**envelope, "detail": event.detail}
    matching = [rule for rule in rules.values() if _matches(simulator, rule, parsed)]
    simulator.counters["rules_matched"] += len(matching)
    text = _spliced(envelope, event.detail_text)
    _note(simulator, (account, region, bus), event, parsed, matching, text)
    for rule in matching:
        for target in rule.targets:
            _invoke(simulator, rule, target, text if target.input is None else target.input)


def _note(
    simulator: "Simulator",
    bus: tuple[str, str, str],
    event: Event,
    parsed: dict[str, Any],
    matching: "list[Rule]",
    text: str,
) -> None:
    taken = [Taken(rule.name, target) for rule in matching for target in ([each.arn for each in rule.targets] or [""])]
    attachment = attachment_of(simulator, *bus)
    if attachment and attachment.takes(parsed):
        taken.append(Taken(MANAGED_RULE, attachment.bus_arn))
        simulator.counters["delivered_to_newer_buses"] += 1
    kept = text if len(text) <= LONGEST_TEXT else None
    arrival = Arrival(datetime.now(UTC), event.id, event.detail_type, event.source, len(text), taken, kept)
    simulator.inbox.note(bus, arrival)


def _matches(simulator: "Simulator", rule: "Rule", event: dict[str, Any]) -> bool:
    try:
        return rule.matches(event)
    except MatchTooCostly as costly:
        log.warning("%s does not get event %s: %s", rule.arn, event["id"], costly)
        simulator.counters["matches_too_costly"] += 1
        return False


def _invoke(simulator: "Simulator", rule: "Rule", target: "Target", text: str) -> None:
    queue = _queue(simulator, rule, target.arn)
    if queue:
        simulator.messages.send(queue, text)
        simulator.counters["delivered"] += 1
        return
    simulator.counters["failed_invocations"] += 1
    dead_letters = _queue(simulator, rule, target.dead_letter_arn) if target.dead_letter_arn else None
    if dead_letters:
        reason = {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": target.arn,
            "ERROR_CODE": "NO_RESOURCE",
            "ERROR_MESSAGE": "The specified queue does not exist.",
        }
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in reason.items()}
        simulator.messages.send(dead_letters, text, attributes)
        simulator.counters["dead_lettered"] += 1


def _queue(simulator: "Simulator", rule: "Rule", arn: str) -> "Queue | None":
    return simulator.queues.get(rule.account, rule.region, arn.rsplit(":", 1)[1])


def _envelope(event: Event, account: str, region: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": event.id,
        "detail-type": event.detail_type,
        "source": event.source,
        "account": account,
        "time": event.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": event.resources,
    }


def _spliced(envelope: dict[str, Any], detail_text: str) -> str:
    # The text, not the parsed detail: 30-digit integers, decimals and the order of keys arrive as they were sent.
    return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False)[:-1] + f',"detail":{detail_text}}}'
