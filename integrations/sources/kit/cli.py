"""The CLI's way to accept a source, and to take it up again."""

import json
from typing import Any

from integrations.sources.kit.commands import Command, Variable, call
from integrations.sources.kit.place import RULE, Place
from integrations.sources.kit.policies import queue_policy, role_policy, role_trust

TWO_WEEKS = "1209600"  # seconds; the longest that SQS keeps a message


def accept(place: Place) -> list[Command]:
    """Return the calls for bus, rule, queue and dead letters: queues first, because AWS drops what no rule catches."""
    where = {"region": place.region}
    target = {
        "Id": "queue",
        "Arn": place.queue_arn("events"),
        "DeadLetterConfig": {"Arn": place.queue_arn("undelivered")},
    }
    return [
        *_queues(place, is_policed=True),
        call(
            "The bus: both names are the source's name, and this is what accepts the source",
            "events",
            "create-event-bus",
            name=place.name,
            event_source_name=place.name,
            **where,
        ),
        call(
            "The rule stands on that bus, not on the default one",
            "events",
            "put-rule",
            name=RULE,
            event_bus_name=place.name,
            event_pattern=place.pattern,
            **where,
        ),
        call(
            "Its target",
            "events",
            "put-targets",
            rule=RULE,
            event_bus_name=place.name,
            targets=[target],
            **where,
        ),
        _state(place),
    ]


def activate(place: Place) -> list[Command]:
    """Return the calls that attach a source again to the bus that is still there, with its rules."""
    return [
        call(
            "Only where the bus still exists; without one, accept the source anew",
            "events",
            "activate-event-source",
            name=place.name,
            region=place.region,
        ),
        _state(place),
    ]


def accept_on_new_bus(place: Place) -> list[Command]:
    """Return the calls of the newer way, `eventbridgev2`: AWS makes and manages the partner bus by itself.

    The subscriber stands before the source, so that nothing arrives that nobody takes.
    """
    where, bus = {"region": place.region}, Variable("BUS_ARN")
    role = f"{place.stem}-delivery"
    return [
        *_queues(place, is_policed=False),
        call(
            "The role in which EventBridge sends to the queues",
            "iam",
            "create-role",
            role_name=role,
            assume_role_policy_document=json.dumps(role_trust(place)),
        ),
        call(
            "It may do that and nothing else",
            "iam",
            "put-role-policy",
            role_name=role,
            policy_name="send",
            policy_document=json.dumps(role_policy(place)),
        ),
        call(
            "The bus; the end of its ARN is AWS's, so it is remembered",
            "eventbridgev2",
            "create-event-bus",
            into="BUS_ARN",
            name=place.stem,
            query="EventBusArn",
            output="text",
            **where,
        ),
        call(
            "Wait until the bus is ready",
            "eventbridgev2",
            "describe-event-bus",
            until="ACTIVE",
            event_bus_arn=bus,
            query="State",
            output="text",
            **where,
        ),
        call(
            "The subscriber takes every event to the queue",
            "eventbridgev2",
            "create-subscriber",
            name=place.stem,
            event_bus_arn=bus,
            invoke_configuration={
                "RoleArn": f"arn:{place.partition}:iam::{place.account}:role/{role}",
                "TargetArn": place.queue_arn("events"),
            },
            on_failure_configuration={"Arn": place.queue_arn("undelivered")},
            **where,
        ),
        call(
            "The event source, which accepts the offer; this one needs the ARN",
            "eventbridgev2",
            "create-event-source",
            name=place.stem,
            event_bus_arn=bus,
            configuration={"PartnerEventsConfiguration": {"PartnerEventSourceArn": place.arn}},
            **where,
        ),
    ]


def archive_and_replay(place: Place) -> list[Command]:
    """Return the calls that keep a month of events, and that send an hour of them again to the same bus."""
    archive = f"arn:{place.partition}:events:{place.region}:{place.account}:archive/{place.stem[:48]}"
    return [
        call(
            "Keep every event of the bus for 30 days",
            "events",
            "create-archive",
            archive_name=place.stem[:48],
            event_source_arn=place.bus_arn,
            event_pattern=place.pattern,
            retention_days=30,
            region=place.region,
        ),
        call(
            "Send a time again: change both moments. An archive is complete about ten minutes after an event",
            "events",
            "start-replay",
            replay_name=f"{place.stem}-1",
            event_source_arn=archive,
            event_start_time="2026-01-01T08:00:00Z",
            event_end_time="2026-01-01T09:00:00Z",
            destination={"Arn": place.bus_arn},
            region=place.region,
        ),
    ]


def _queues(place: Place, *, is_policed: bool) -> list[Command]:
    """Return the calls for both queues. The rule needs their permission; a subscriber has a role instead."""
    kept = {"MessageRetentionPeriod": TWO_WEEKS}
    return [
        _queue(place, "The queue for the events", "events", {}, is_policed),
        _queue(place, "The queue for what EventBridge could not deliver", "undelivered", kept, is_policed),
    ]


def _queue(place: Place, comment: str, ending: str, attributes: dict[str, str], is_policed: bool) -> Command:
    if is_policed:
        attributes = attributes | {"Policy": json.dumps(queue_policy(place, ending))}
    options: dict[str, Any] = {"attributes": attributes} if attributes else {}
    return call(comment, "sqs", "create-queue", queue_name=f"{place.stem}-{ending}", **options, region=place.region)


def _state(place: Place) -> Command:
    return call(
        "See the new state: ACTIVE",
        "events",
        "describe-event-source",
        name=place.name,
        query="State",
        output="text",
        region=place.region,
    )
