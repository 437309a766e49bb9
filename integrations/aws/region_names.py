"""What people call the regions of AWS: its own names, out of boto3's data."""

from functools import cache

from integrations.aws.names import _botocore


@cache
def _descriptions() -> dict[str, str]:
    endpoints = _botocore().get_data("endpoints")
    return {
        code: region["description"]
        for partition in endpoints["partitions"]
        for code, region in partition["regions"].items()
    }


def region_name(region: str) -> str:
    """Return a region as `Europe (Ireland), eu-west-1`; one without a name by its code alone."""
    name = _descriptions().get(region)
    return f"{name}, {region}" if name else region
