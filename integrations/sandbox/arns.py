"""Amazon Resource Names as EventBridge and SQS write them, in the partition of their region."""

from functools import cache

from botocore.exceptions import UnknownRegionError
from botocore.session import Session


@cache
def partition(region: str) -> str:
    try:
        name: str = Session().get_partition_for_region(region)
    except UnknownRegionError:
        return "aws"
    return name


def source_arn(region: str, name: str) -> str:
    """The account field is empty: partner and customer see the identical ARN."""
    return f"arn:{partition(region)}:events:{region}::event-source/{name}"


def bus_arn(region: str, account: str, name: str) -> str:
    return f"arn:{partition(region)}:events:{region}:{account}:event-bus/{name}"


def rule_arn(region: str, account: str, bus: str, name: str) -> str:
    """Rules of the default bus leave the bus out."""
    place = name if bus == "default" else f"{bus}/{name}"
    return f"arn:{partition(region)}:events:{region}:{account}:rule/{place}"


def queue_arn(region: str, account: str, name: str) -> str:
    return f"arn:{partition(region)}:sqs:{region}:{account}:{name}"


def bus_name(name_or_arn: str) -> str:
    """The bus's name; a partner bus's name itself contains slashes."""
    return name_or_arn.split(":event-bus/", 1)[1] if name_or_arn.startswith("arn:") else name_or_arn
