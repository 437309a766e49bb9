"""The faults that a person switches on and off by one press, each a few fields of `Faults`."""

from dataclasses import dataclass
from typing import Any

from msgspec.structs import asdict, replace

from integrations.sandbox.faults import Faults


@dataclass(frozen=True)
class Switch:
    label: str
    effect: str
    fields: dict[str, Any]


SWITCHES = {
    "throttle": Switch("Throttle PutPartnerEvents", "1 of 5 calls answers ThrottlingException", {"throttle_rate": 0.2}),
    "internal": Switch("Fail whole calls", "1 of 5 calls answers HTTP 500", {"internal_rate": 0.2}),
    "entries": Switch(
        "Fail single entries",
        "every tenth entry of a 200 answer fails",
        {"entry_failure_every": 10, "entry_failure_rate": 0, "entry_failure_sources": None},
    ),
    "lost": Switch(
        "Lose the answer",
        "accepted, but 1 of 5 replies never comes",
        {"timeout_after_accepting_rate": 0.2, "timeout_seconds": 5.0},
    ),
    "slow": Switch("Answer slowly", "every partner call takes half a second more", {"latency_ms": 500.0}),
    "credentials": Switch(
        "Refuse credentials", "every call answers ExpiredTokenException", {"credentials_error": "ExpiredTokenException"}
    ),
    "region": Switch("Disable the region", "partner calls answer OperationDisabledException", {"disabled_regions": []}),
    "limit": Switch("Reach the limit of sources", "no source more can be made", {"source_limit": 0}),
}
OFF = asdict(Faults())


def is_on(faults: Faults, key: str) -> bool:
    return any(getattr(faults, name) != OFF[name] for name in SWITCHES[key].fields)


def switched(faults: Faults, key: str, region: str, *, on: bool) -> Faults:
    """The faults with one switch moved; what else is on stays."""
    fields = SWITCHES[key].fields if on else {name: OFF[name] for name in SWITCHES[key].fields}
    if on and "disabled_regions" in fields:
        fields = {"disabled_regions": sorted({*faults.disabled_regions, region})}
    return replace(faults, **fields)
