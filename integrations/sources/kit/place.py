"""Where a kit is for: the exact values of one source, and the names of what its texts make around it."""

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property

from integrations.aws import names
from integrations.sources.accepting import may_have_a_bus
from integrations.sources.models import Source

RULE = "all-events"
LONGEST_STEM = 50  # a rule has 64 characters, a queue 80; both get an ending

_BOUNDARY = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Place:
    """One source. Names and accounts are checked, so no value can end a quotation in any of the languages.

    `is_detached`: AWS said ACTIVE before, or the source was made anew, so a bus and its rules may still be there.
    """

    name: str
    account: str
    region: str
    is_detached: bool = False

    def __post_init__(self) -> None:
        """Refuse what is not an offer. Raises LimitError."""
        names.check_name(self.name)
        names.check_account(self.account)
        names.check_region(self.region)

    @cached_property
    def partition(self) -> str:
        return names.partition(self.region)

    @cached_property
    def arn(self) -> str:
        return names.source_arn(self.region, self.name)

    @cached_property
    def bus_arn(self) -> str:
        return names.bus_arn(self.region, self.account, self.name)

    @cached_property
    def pattern(self) -> str:
        """The event pattern that matches everything of this source and nothing else."""
        return json.dumps({"source": [self.name]})

    @cached_property
    def stem(self) -> str:
        """What the tenant's resources are called by: readable, unique for each source, fit for every AWS service."""
        readable = _BOUNDARY.sub("-", "/".join(self.name.split("/")[-2:])).strip("-").lower() or "events"
        fingerprint = hashlib.sha256(self.name.encode()).hexdigest()[:6]
        return f"{readable[: LONGEST_STEM - 7].rstrip('-')}-{fingerprint}"

    def rule_arn(self, rule: str = RULE) -> str:
        """Return the ARN of a rule on the source's own bus."""
        return f"arn:{self.partition}:events:{self.region}:{self.account}:rule/{self.name}/{rule}"

    def queue_arn(self, ending: str) -> str:
        """Return the ARN of the queue `<stem>-<ending>`."""
        return f"arn:{self.partition}:sqs:{self.region}:{self.account}:{self.stem}-{ending}"

    @cached_property
    def values(self) -> dict[str, str]:
        """What stands in the templates between double angle brackets."""
        return {
            "source": self.name,
            "arn": self.arn,
            "bus_arn": self.bus_arn,
            "account": self.account,
            "region": self.region,
            "partition": self.partition,
            "stem": self.stem,
            "rule": RULE,
        }


def place_of(source: Source) -> Place:
    """Return the place of a source that was offered to an account; a reserve has none. Raises LimitError."""
    return Place(source.name, source.account or "", source.region, may_have_a_bus(source))
