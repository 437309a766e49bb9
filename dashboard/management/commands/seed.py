"""`manage.py seed`: fills an installation with thousands of tenants and millions of events, or removes them."""

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboard.management.refusals import as_command_errors
from dashboard.seed import SeedRefused
from dashboard.seed.filling import fill
from dashboard.seed.plan import Plan
from dashboard.seed.removal import remove

USUAL = Plan()


class Command(BaseCommand):
    requires_system_checks = ()  # it touches no URL, template or static file
    help = (
        "Fill this installation with tenants, sources in every condition and thirty days of events, to see how pages "
        "behave. Run again, it makes what is missing. Nothing of it is ever sent, and nobody gets mail of it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenants", type=int, default=USUAL.tenants, help=f"default: {USUAL.tenants:,}")
        parser.add_argument("--sources", type=int, default=USUAL.sources, help=f"default: {USUAL.sources:,}")
        parser.add_argument("--events", type=int, default=USUAL.events, help=f"default: {USUAL.events:,}")
        parser.add_argument("--changes", type=int, default=USUAL.changes, help="in the history of each source")
        parser.add_argument("--force", action="store_true", help="also beside a production that is open to tenants")
        parser.add_argument("--remove", action="store_true", help="take everything that was seeded away")

    def handle(self, **options: Any) -> None:
        began = time.monotonic()
        plan = Plan(options["tenants"], options["sources"], options["events"], options["changes"])
        try:
            with as_command_errors():
                if options["remove"]:
                    said = "Removed" if remove(sys.stderr) else "There was nothing to remove"
                else:
                    fill(plan, sys.stderr, force=options["force"])
                    said = f"{plan} are there"
        except SeedRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{said}, after {time.monotonic() - began:.0f} s.")
