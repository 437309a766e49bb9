"""What one AWS call is, once its protocol is peeled off."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from integrations.sandbox.accounts import Caller

if TYPE_CHECKING:
    from integrations.sandbox.simulator import Simulator


@dataclass(frozen=True)
class Call:
    """`parameters` have passed the service model; `endpoint` is the base URL by which the caller reached us."""

    service: str
    operation: str
    parameters: dict[str, Any]
    caller: Caller
    region: str
    endpoint: str
    now: datetime


Result = Mapping[str, Any]
Operation = Callable[["Simulator", Call], Result]
NOTHING: Result = {}
