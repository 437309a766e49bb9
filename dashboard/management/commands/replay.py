"""`manage.py replay`: sends deliveries again, watches and cancels replays, gives up dead letters."""

import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from dashboard.management.commands.create_integration import KINDS, listed
from dashboard.management.environments import environment_named
from dashboard.management.refusals import as_command_errors
from integrations.events import discarding, replays
from integrations.events.delivery_filter import ACCEPTED, DEAD, STATES, DeliveryFilter, filter_named
from integrations.events.models import Replay
from integrations.events.replays import Forecast
from integrations.events.tasks import replay as advance_replays
from integrations.kick import kick
from integrations.registration.models import Environment
from tenants.audit import Actor

ACTOR = Actor.system("manage.py replay")
LISTED = 20
LOOK = 1.0  # seconds between two looks at the progress


class Command(BaseCommand):
    requires_system_checks = ()  # it is run by scripts, and touches no URL, template or static file
    help = "Send accepted or dead deliveries again under the same event id; workers do it, this asks for it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", help="the integration's slug")
        parser.add_argument("environment", choices=KINDS)
        _add_filter(parser)
        parser.add_argument("--rate", type=int, help="deliveries a second at most; else as fast as they can be sent")
        parser.add_argument(
            "--wait", action="store_true", help="show progress until it is done; Ctrl-C only stops that"
        )
        parser.add_argument("--dry-run", action="store_true", help="only count, and show some of the deliveries")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--discard", action="store_true", help="give up the dead letters that match, for ever")
        what.add_argument("--cancel", type=_uuid, metavar="ID", help="take back what a replay has not sent yet")
        what.add_argument("--list", action="store_true", help=f"show the newest {LISTED} replays")
        parser.add_argument("--json", action="store_true", help="print JSON for programs, one object a line")

    def handle(self, **options: Any) -> None:
        self._json = options["json"]
        with as_command_errors():
            environment = environment_named(options["integration"], options["environment"])
            if options["list"]:
                self._tell(*replays.replays_of_environment(environment)[:LISTED])
            elif options["cancel"]:
                self._cancel(environment, options)
            elif options["dry_run"]:
                self._count(environment, options)
            elif options["discard"]:
                self._discard(environment, options)
            else:
                self._replay(environment, options)

    def _count(self, environment: Environment, options: dict[str, Any]) -> None:
        count = discarding.forecast_discard if options["discard"] else replays.forecast
        found = count(wanted=_wanted(environment, options), everything=options["all"], now=timezone.now())
        self._say(_counted(found), _forecast_line(found))

    def _replay(self, environment: Environment, options: dict[str, Any]) -> None:
        replay, expected = replays.request_replay(
            wanted=_wanted(environment, options),
            rate=options["rate"],
            everything=options["all"],
            actor=ACTOR,
            now=timezone.now(),
        )
        kick(advance_replays)
        for event_id in expected.unknown_events:
            self.stderr.write(f"This environment has no event {event_id}.")
        self._follow(replay, options["wait"])

    def _cancel(self, environment: Environment, options: dict[str, Any]) -> None:
        found = replays.replay_of(environment, options["cancel"])
        replay = replays.cancel_replay(replay=found, actor=ACTOR, now=timezone.now())
        kick(advance_replays)
        self._follow(replay, options["wait"])

    def _discard(self, environment: Environment, options: dict[str, Any]) -> None:
        wanted, total, more = _wanted(environment, options), 0, True
        while more:
            gone = discarding.discard_dead(wanted=wanted, everything=options["all"], actor=ACTOR, now=timezone.now())
            total, more = total + gone.deliveries, gone.more
        self._say({"discarded": total}, f"Dead letters given up: {total}")

    def _follow(self, replay: Replay, to_its_end: bool) -> None:
        self._tell(replay)
        while to_its_end and replay.ended_at is None:
            time.sleep(LOOK)
            replay.refresh_from_db()
            self._tell(replay)

    def _tell(self, *found: Replay) -> None:
        queued = replays.still_to_send(found)
        for replay in found:
            left = queued.get(replay.pk, 0)
            self._say(_progress(replay, left), _progress_line(replay, left))

    def _say(self, document: dict[str, Any], line: str) -> None:
        self.stdout.write(json.dumps(document) if self._json else line)
        self.stdout.flush()


def _add_filter(parser: ArgumentParser) -> None:
    parser.add_argument("--events", type=_uuids, help="ids of events, separated by commas")
    parser.add_argument("--tenant", help="the SaaS's own id of a tenant")
    parser.add_argument("--source", type=_uuid, help="the id of a source")
    parser.add_argument("--type", default="", help="the events' type")
    parser.add_argument(
        "--states", type=listed, default=[ACCEPTED, DEAD], help=f"some of {','.join(STATES)}; else accepted,dead"
    )
    parser.add_argument("--from", type=_moment, dest="received_from", help="received since, 2026-11-23T09:30:00Z")
    parser.add_argument("--to", type=_moment, dest="received_until", help="received before")
    parser.add_argument("--code", default="", help="why it is dead; of an accepted one, the code of any attempt")
    parser.add_argument("--all", action="store_true", help="needed where nothing above restricts the filter")


def _wanted(environment: Environment, options: dict[str, Any]) -> DeliveryFilter:
    names = ("events", "tenant", "source", "type", "states", "received_from", "received_until", "code")
    return filter_named(environment, **{name: options[name] for name in names})


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} is no moment with a zone, as in 2026-11-23T09:30:00Z")
    return moment


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no id") from None


def _uuids(text: str) -> list[UUID]:
    return [_uuid(word) for word in listed(text)]


def _counted(found: Forecast) -> dict[str, Any]:
    return {
        "matched": found.matched,
        "matched_exactly": found.exactly,
        "missing": found.missing,
        "unknown_events": [str(event_id) for event_id in found.unknown_events],
        "sample": [
            {"event_id": str(each.event_id), "source": str(each.source), "state": each.state} for each in found.sample
        ],
    }


def _forecast_line(found: Forecast) -> str:
    least = "" if found.exactly else "at least "
    lines = [f"Deliveries that match: {least}{found.matched}; of those, without their event: {found.missing}"]
    lines += [f"{each.event_id} {each.state} for source {each.source}" for each in found.sample]
    lines += [f"This environment has no event {event_id}." for event_id in found.unknown_events]
    return "\n".join(lines)


def _progress(replay: Replay, left: int) -> dict[str, Any]:
    return {
        "id": str(replay.public_id),
        "state": replay.state,
        "matched": replay.matched,
        "enqueued": replay.enqueued,
        "still_to_send": left,
        "missing": replay.missing,
        "withdrawn": replay.withdrawn,
        "failure": replay.failure,
    }


def _progress_line(replay: Replay, left: int) -> str:
    of = f"{'' if replay.matched_exactly else 'at least '}{replay.matched}"
    line = f"{replay.public_id} {replay.state}: {replay.enqueued} of {of} queued, {left} still to send"
    more = {"missing": replay.missing, "taken back": replay.withdrawn}
    told = [f"{count} {what}" for what, count in more.items() if count]
    return ", ".join([line, *told]) + (f". {replay.failure}" if replay.failure else "")
