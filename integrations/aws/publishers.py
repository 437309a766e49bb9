"""Whose credentials a call uses."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Publisher:
    """An AWS account registered for the partner programme, and the role through which it is reached.

    Without a role the calls use boto3's default credential chain, which must then lead to this account itself.
    """

    account: str
    role_arn: str = ""
    external_id: str = field(default="", repr=False)
