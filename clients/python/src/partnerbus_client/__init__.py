"""Sends a SaaS backend's events to Partnerbus, with the standard library only. `.outbox` is an app for Django."""

from partnerbus_client.batcher import Batcher, BatcherClosed, BatcherFull
from partnerbus_client.client import Client
from partnerbus_client.errors import (
    AccessDenied,
    ApiError,
    NoAnswer,
    PartnerbusError,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from partnerbus_client.events import Event
from partnerbus_client.receipts import EventRejected, Receipt, Result
from partnerbus_client.retries import Retries
from partnerbus_client.version import __version__

__all__ = [
    "AccessDenied",
    "ApiError",
    "Batcher",
    "BatcherClosed",
    "BatcherFull",
    "Client",
    "Event",
    "EventRejected",
    "NoAnswer",
    "PartnerbusError",
    "RateLimited",
    "Receipt",
    "Result",
    "Retries",
    "Unauthorized",
    "Unavailable",
    "__version__",
]
