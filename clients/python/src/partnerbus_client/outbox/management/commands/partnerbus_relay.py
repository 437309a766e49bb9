"""Sends what the outbox holds, until it is told to stop."""

import json
import logging
import signal
import threading
import time
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import timedelta
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections

from partnerbus_client.outbox.configuration import client_from_settings
from partnerbus_client.outbox.models import OutboxEvent
from partnerbus_client.outbox.relaying import Relay, Round
from partnerbus_client.outbox.standing import standing
from partnerbus_client.retries import Retries

PRUNED_EVERY = 60.0
PAUSES = Retries(first_pause=0.5, longest_pause=30.0)

log = logging.getLogger("partnerbus_client")


class Command(BaseCommand):
    """Run as many as you like; SIGTERM and Ctrl-C end it after the round that is under way."""

    help = "Send the outbox's events to Partnerbus"

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--once", action="store_true", help="send what is due and end")
        what.add_argument("--status", action="store_true", help="print what waits and what is dead, as JSON")
        what.add_argument("--revive", metavar="CODE", help="let dead events with this code, or 'all', wait again")
        parser.add_argument("--interval", type=float, default=1.0, help="seconds between looks at an empty outbox")
        parser.add_argument("--batch", type=int, default=500, help="events a round")
        parser.add_argument("--keep-days", type=float, default=7.0, help="how long sent events stay; 0 deletes them")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS)

    def handle(self, *args: Any, **options: Any) -> None:
        self._database = str(options["database"])
        if options["status"]:
            self.stdout.write(json.dumps(asdict(standing(self._database))))
        elif options["revive"]:
            self._revive(options["revive"])
        else:
            self._relay = Relay(client_from_settings(), batch=options["batch"], using=self._database)
            self._keep = timedelta(days=options["keep_days"])
            self._once() if options["once"] else self._loop(options["interval"])

    def _revive(self, code: str) -> None:
        dead = OutboxEvent.objects.using(self._database).dead()
        revived = (dead if code == "all" else dead.filter(code=code)).revive()
        self.stdout.write(f"{revived} event{'s wait' if revived != 1 else ' waits'} to be sent again.")

    def _once(self) -> None:
        done = self._relay.drain()
        self._relay.prune(keep=self._keep)
        self.stdout.write(f"{done.sent} sent, {done.dead} dead, {done.put_off} put off.")
        if done.error:
            raise CommandError(f"Events stay in the outbox: {done.error}")
        if done.put_off:
            raise CommandError("Events at which the server fails stay in the outbox; they say why in `message`.")

    def _loop(self, interval: float) -> None:
        stopping = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        failures = 0
        prunes_at = time.monotonic()
        while not stopping.is_set():
            try:
                done = self._relay.run_once()
                if time.monotonic() >= prunes_at:
                    self._relay.prune(keep=self._keep)
                    prunes_at = time.monotonic() + PRUNED_EVERY
                failures = failures + 1 if done.error else 0
                stopping.wait(self._pause_after(done, failures, interval))
            except (DatabaseError, InterfaceError) as error:
                failures += 1
                log.warning("The outbox cannot be read, trying again: %s", error)
                connections[self._database].close()
                stopping.wait(PAUSES.pause(failures))

    def _pause_after(self, done: Round, failures: int, interval: float) -> float:
        if done.dead:
            log.error("%d events of the outbox are dead; --status names the reasons", done.dead)
        if done.error:
            log.warning("The outbox waits, Partnerbus did not take it: %s", done.error)
            return PAUSES.pause(failures, done.error.retry_after)
        return interval if done.idle else 0.0
