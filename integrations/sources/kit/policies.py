"""IAM policies, as little as each side needs: of the tenant's admin, of what delivers, and of the publisher."""

from typing import Any

from integrations.aws import names
from integrations.sources.kit.place import Place

Policy = dict[str, Any]
VERSION = "2012-10-17"
EVENTBRIDGE = "events.amazonaws.com"


def admin_policy(place: Place) -> Policy:
    """Return what the tenant's admin needs to accept the source by bus, rule and queue, and nothing beside it.

    Which operation takes which resource: the service authorization reference of EventBridge.
    """
    return _policy(
        _allow("FindTheOffer", ["events:ListEventSources", "events:ListEventBuses"], "*"),
        _allow("SeeAndTakeUpTheSource", ["events:DescribeEventSource", "events:ActivateEventSource"], place.arn),
        _allow("AttachTheBus", ["events:CreateEventBus", "events:DescribeEventBus"], place.bus_arn),
        _allow(
            "RulesOnThatBus",
            ["events:PutRule", "events:PutTargets", "events:DescribeRule", "events:ListTargetsByRule"],
            place.rule_arn("*"),
        ),
        _allow("ListItsRules", ["events:ListRules"], place.rule_arn("*")),
        _allow("ItsQueues", _QUEUE_ACTIONS, [place.queue_arn("events"), place.queue_arn("undelivered")]),
    )


def new_bus_admin_policy(place: Place) -> Policy:
    """Return what accepting by `eventbridgev2` needs. Its operations are called `events:` in policies, too."""
    own = f"arn:{place.partition}:events:{place.region}:{place.account}"
    role = f"arn:{place.partition}:iam::{place.account}:role/{place.stem}-delivery"
    return _policy(
        _allow("FindTheOffer", ["events:ListEventSources"], "*"),
        _allow("SeeTheSource", ["events:DescribeEventSource"], place.arn),
        _allow("ManagedPartnerBus", ["events:CreateEventBus", "events:DescribeEventBus"], place.bus_arn),
        _allow("ManagedRule", ["events:PutRule", "events:PutTargets", "events:DescribeRule"], place.rule_arn("*")),
        _allow(
            "NewBusAndWhatBelongsToIt",
            [
                "events:CreateEventBus",
                "events:DescribeEventBus",
                "events:CreateSubscriber",
                "events:CreateEventSource",
            ],
            [
                f"{own}:event-busv2/{place.stem}/*",
                f"{own}:subscriber/{place.stem}/*",
                f"{own}:event-sourcev2/aws.partner/{place.stem}/*",
            ],
        ),
        _allow("ItsQueues", _QUEUE_ACTIONS, [place.queue_arn("events"), place.queue_arn("undelivered")]),
        _allow("DeliveryRole", ["iam:CreateRole", "iam:PutRolePolicy", "iam:GetRole"], role),
        _allow("HandTheRoleOver", ["iam:PassRole"], role)
        | {"Condition": {"StringEquals": {"iam:PassedToService": EVENTBRIDGE}}},
    )


def queue_policy(place: Place, ending: str) -> Policy:
    """Return the policy of one of the queues: this one rule may send to it, no other rule of anybody's."""
    return _policy(
        {
            "Sid": "OnlyThisRule",
            "Effect": "Allow",
            "Principal": {"Service": EVENTBRIDGE},
            "Action": "sqs:SendMessage",
            "Resource": place.queue_arn(ending),
            "Condition": {"ArnEquals": {"aws:SourceArn": place.rule_arn()}},
        }
    )


def role_trust(place: Place) -> Policy:
    """Return who may assume the delivery role: EventBridge, on behalf of this account alone."""
    return _policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": EVENTBRIDGE},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": place.account}},
        }
    )


def role_policy(place: Place) -> Policy:
    """Return what the delivery role may do."""
    return _policy(_allow("Deliver", ["sqs:SendMessage"], [place.queue_arn("events"), place.queue_arn("undelivered")]))


def publisher_control_policy(namespace: str, region: str) -> Policy:
    """Return what managing the sources of a namespace needs, in every region of the partition.

    ListPartnerEventSources takes no resource and so cannot be limited to a namespace.
    """
    sources = f"arn:{names.partition(region)}:events:*::event-source/{namespace}/*"
    return _policy(
        _allow(
            "ManageSources",
            [
                "events:CreatePartnerEventSource",
                "events:DeletePartnerEventSource",
                "events:DescribePartnerEventSource",
                "events:ListPartnerEventSourceAccounts",
            ],
            sources,
        ),
        _allow("FindSources", ["events:ListPartnerEventSources"], "*"),
    )


def publisher_data_policy() -> Policy:
    """Return what sending needs. PutPartnerEvents takes no resource, so it cannot be limited to one tenant's source."""
    return _policy(_allow("Publish", ["events:PutPartnerEvents"], "*"))


def publisher_trust(*, trusted: str, external_id: str) -> Policy:
    """Return who may assume the publisher's role: one principal, and only with the external id where there is one."""
    statement = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
    condition = {"Condition": {"StringEquals": {"sts:ExternalId": external_id}}} if external_id else {}
    return _policy(statement | condition)


_QUEUE_ACTIONS = ["sqs:CreateQueue", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes", "sqs:GetQueueUrl"]


def _policy(*statements: Policy) -> Policy:
    return {"Version": VERSION, "Statement": list(statements)}


def _allow(sid: str, actions: list[str], resource: str | list[str]) -> Policy:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
