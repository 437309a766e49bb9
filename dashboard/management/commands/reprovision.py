"""`manage.py reprovision`: provisions many ended sources again; a dry run unless told to apply."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from dashboard.management.commands.create_integration import KINDS
from dashboard.management.environments import environment_named
from dashboard.management.refusals import as_command_errors
from integrations.kick import kick
from integrations.reconciliation.bulk_renewal import (
    DEFAULT_RATE,
    HIGHEST_RATE,
    STATES,
    RenewalFilter,
    cancel_bulk_renewal,
    matching,
    request_bulk_renewal,
)
from integrations.reconciliation.models import BulkRenewal
from integrations.reconciliation.tasks import reconcile
from integrations.registration.models import Environment
from integrations.sources.states import shown_state
from tenants.audit import Actor
from tenants.models import Tenant

SHOWN = 50
ACTOR = Actor.system("manage.py reprovision")


class Command(BaseCommand):
    requires_system_checks = ()  # it is run by scripts, and touches no URL, template or static file
    help = "Offer ended sources again under their names, with history and what they hold; workers do it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", help="the integration's slug")
        parser.add_argument("environment", choices=KINDS)
        parser.add_argument("--state", action="append", choices=STATES, help="may be repeated; default: expired")
        parser.add_argument("--tenant", help="your id of one tenant")
        parser.add_argument("--region", default="")
        parser.add_argument("--ended-since", type=_moment, help="by AWS's last word, as 2026-11-20T00:00Z")
        parser.add_argument("--rate", type=int, default=DEFAULT_RATE, help=f"sources a second, 1 to {HIGHEST_RATE}")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--apply", action="store_true", help="do it; without, only count and list")
        what.add_argument("--stop", action="store_true", help="stop what goes on in this environment")

    def handle(self, **options: Any) -> None:
        with as_command_errors():
            environment = environment_named(options["integration"], options["environment"])
            if options["stop"]:
                self._stop(environment)
            else:
                self._offer(environment, options)

    def _offer(self, environment: Environment, options: dict[str, Any]) -> None:
        wanted = RenewalFilter(
            environment=environment,
            states=tuple(options["state"] or ("expired",)),
            tenant=_tenant(environment, options["tenant"]),
            region=options["region"],
            ended_since=options["ended_since"],
        )
        found = matching(wanted)
        for source in found[:SHOWN]:
            self.stdout.write(f"{shown_state(source)}\t{source.tenant.external_id}\t{source.region}\t{source.name}")
        self.stdout.write(f"{found.count()} sources match")
        if options["apply"]:
            renewal = request_bulk_renewal(wanted=wanted, per_second=options["rate"], actor=ACTOR, now=timezone.now())
            kick(reconcile)
            self.stdout.write(f"{renewal.total} are provisioned again, {renewal.per_second} a second")

    def _stop(self, environment: Environment) -> None:
        for renewal in BulkRenewal.objects.filter(environment=environment, ended_at=None):
            stopped = cancel_bulk_renewal(renewal=renewal, actor=ACTOR, now=timezone.now())
            self.stdout.write(f"Stopped after {stopped.done + stopped.skipped} of {stopped.total} sources")


def _tenant(environment: Environment, external_id: str | None) -> Tenant | None:
    if external_id is None:
        return None
    try:
        return Tenant.objects.get(directory=environment.directory, external_id=external_id, closed_at=None)
    except Tenant.DoesNotExist:
        raise CommandError(f"{environment} has no tenant {external_id!r}.") from None


def _moment(text: str) -> datetime:
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ArgumentTypeError("a moment with its zone, as 2026-11-20T00:00Z")
    return moment
