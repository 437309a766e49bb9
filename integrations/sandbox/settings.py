"""What an operator may set while the simulator runs: AWS's limits and the guesses where AWS documents nothing."""

from collections.abc import Collection
from functools import lru_cache
from typing import Annotated

from botocore.session import Session
from msgspec import Meta, Struct

DAY = 86_400
Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Region = Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$")]

# AWS documents no entry code for a source that is unknown, deleted, expired or somebody else's; its onboarding guide
# only speaks of "Event Bus Not Found". One code for all of them, so that nobody can probe for foreign names.
UNKNOWN_SOURCE_CODE = "ResourceNotFoundException"

# AWS answers 200 with an EventId for a longer detail-type, and the event is never seen again.
# Observed by a partner (Segment's destination), not documented.
LONGEST_DETAIL_TYPE = 128


@lru_cache(maxsize=1)
def all_regions() -> frozenset[str]:
    """The regions of every partition in which botocore knows EventBridge."""
    session = Session()
    partitions = session.get_available_partitions()
    return frozenset(region for name in partitions for region in session.get_available_regions("events", name))


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Times in seconds, sizes in bytes. The defaults are AWS's published numbers where there are any."""

    pending_lifetime: Seconds = 7 * DAY  # the onboarding guide's figure
    deactivated_lifetime: Seconds = 14 * DAY  # DeactivateEventSource: "more than two weeks"
    max_request_bytes: Count = 262_144  # PutPartnerEvents, the sum of all entries
    max_put_events_bytes: Count = 1_048_576
    max_sources_per_publisher: Count = 10_000  # per region; AWS publishes no number
    max_buses_per_account: Count = 100  # per region; partner buses count, the default bus does not
    max_newer_buses_per_account: Count = 5  # per region; the buses of `eventbridgev2`
    max_rules_per_bus: Count = 300
    max_targets_per_rule: Count = 5
    max_accounts_per_source: Count = 1  # the API's shape allows several, AWS's guide says exactly one
    partner_sees_deleted: bool = False  # True: ListPartnerEventSourceAccounts shows DELETED instead of not found
    unknown_source_code: Annotated[str, Meta(min_length=1)] = UNKNOWN_SOURCE_CODE
    enabled_regions: tuple[Region, ...] | None = None  # elsewhere OperationDisabledException; None: all AWS has

    @property
    def regions(self) -> Collection[str]:
        return all_regions() if self.enabled_regions is None else self.enabled_regions
