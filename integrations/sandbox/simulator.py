"""The world of the simulator: its records, its faults, its one lock, and what a call does to them."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from msgspec import Struct

from integrations.sandbox.attachments import Attachment
from integrations.sandbox.buses import Bus
from integrations.sandbox.faults import FaultInjector, Faults
from integrations.sandbox.inbox import Inbox
from integrations.sandbox.newer_buses import NewerBus
from integrations.sandbox.partner_sources import Lifetimes, Offer
from integrations.sandbox.persistence import Collection, StateFile
from integrations.sandbox.publishers import Publisher
from integrations.sandbox.queues import MessageStore, Queue
from integrations.sandbox.request_log import RequestLog
from integrations.sandbox.rules import Rule
from integrations.sandbox.settings import Settings

DEFAULT_PUBLISHER = Publisher(account="111111111111", namespaces=["*"])


class Configuration(Struct, frozen=True):
    """What an operator has set; a record like any other, so that it survives a restart."""

    settings: Settings
    faults: Faults


class Simulator:
    """All state. Every access happens inside `changing()`: one caller at a time, all or nothing, durable."""

    def __init__(self, state: str) -> None:
        self.lock = threading.RLock()
        self.file = StateFile(state)
        self.offers = Collection(self.file, Offer, lambda offer: (offer.region, offer.name, offer.account))
        self.buses = Collection(self.file, Bus, lambda bus: (bus.account, bus.region, bus.name))
        self.rules = Collection(self.file, Rule, lambda rule: (rule.account, rule.region, rule.bus, rule.name))
        self.queues = Collection(self.file, Queue, lambda queue: (queue.account, queue.region, queue.name))
        self.newer_buses = Collection(self.file, NewerBus, lambda bus: (bus.account, bus.region, bus.name))
        self.attachments = Collection(self.file, Attachment, lambda one: (one.account, one.region, one.name))
        self.publishers = Collection(self.file, Publisher, lambda publisher: (publisher.account,))
        self.configuration = Collection(self.file, Configuration, lambda _: ("current",))
        self.messages = MessageStore(self.file, self.lock)
        self.faults = FaultInjector()
        self.counters: Counter[str] = Counter()
        self.inbox = Inbox()
        self.requests = RequestLog()
        with self.changing():
            self._begin_from_file()

    def _begin_from_file(self) -> None:
        if not self.configuration.get("current"):
            self.publishers.put(DEFAULT_PUBLISHER)
            self.configure(Settings(), Faults())
        self.faults.set(self._configured.faults)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock; on leaving, what was written is committed, or forgotten when an exception passes through.

        Nesting is allowed: the inner block commits what was written so far.
        """
        with self.lock:
            try:
                yield
                self.file.commit()
            except BaseException:
                if self.file.is_changing:
                    self.file.rollback()
                    self._reload()
                raise

    @property
    def _configured(self) -> Configuration:
        configuration = self.configuration.get("current")
        assert configuration is not None
        return configuration

    @property
    def settings(self) -> Settings:
        return self._configured.settings

    @property
    def lifetimes(self) -> Lifetimes:
        settings = self.settings
        return Lifetimes(timedelta(seconds=settings.pending_lifetime), timedelta(seconds=settings.deactivated_lifetime))

    def configure(self, settings: Settings | None = None, faults: Faults | None = None) -> None:
        """Store new settings or faults (None: leave as they are) and apply them from the next call on."""
        if settings is None:
            settings = self._configured.settings
        if faults is not None:
            self.faults.set(faults)
        self.configuration.put(Configuration(settings, self.faults.faults))

    def reset(self) -> None:
        """Forget everything, settings and messages included, as if started for the first time."""
        self.file.clear()
        self._reload()
        self.counters.clear()
        self.inbox.clear()
        self.requests.clear()
        self.publishers.put(DEFAULT_PUBLISHER)
        self.configure(Settings(), Faults())

    def _reload(self) -> None:
        for collection in self._collections:
            collection.load()

    @property
    def _collections(self) -> tuple[Collection[Any], ...]:
        return (
            self.offers,
            self.buses,
            self.rules,
            self.queues,
            self.newer_buses,
            self.attachments,
            self.publishers,
            self.configuration,
        )

    def close(self) -> None:
        with self.lock:
            self.file.close()
