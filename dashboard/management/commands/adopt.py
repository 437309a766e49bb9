"""`manage.py adopt`: takes over sources that AWS has already, from a CSV file; a dry run unless told to apply."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dashboard.management.commands.create_integration import KINDS
from dashboard.management.environments import environment_named
from dashboard.management.refusals import as_command_errors
from integrations.reconciliation.adoption import ADOPTABLE, ADOPTED, apply_adoption, cancel_adoption, request_adoption
from integrations.reconciliation.models import Adoption
from integrations.reconciliation.waiting import work_until_settled
from integrations.registration.models import Environment
from tenants.audit import Actor

ACTOR = Actor.system("manage.py adopt")


class Command(BaseCommand):
    requires_system_checks = ()  # it is run by scripts, and touches no URL, template or static file
    help = "Take over sources that exist at AWS: CSV with name,tenant[,tenant_name][,account][,region]."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the CSV file, or - for standard input")
        parser.add_argument(
            "--environment", nargs=2, required=True, metavar=("INTEGRATION", "KIND"), help="such as: orders production"
        )
        parser.add_argument("--apply", action="store_true", help="take over what can be, after the dry run")

    def handle(self, **options: Any) -> None:
        with as_command_errors():
            environment = _environment(*options["environment"])
            text = _read(options["file"])
            adoption = request_adoption(environment=environment, text=text, actor=ACTOR, now=timezone.now())
            adoption = self._settled(adoption)
            if options["apply"]:
                adoption = self._settled(apply_adoption(adoption=adoption, actor=ACTOR, now=timezone.now()))
            else:
                cancel_adoption(adoption=adoption, actor=ACTOR, now=timezone.now())
        good = ADOPTED if options["apply"] else ADOPTABLE
        lines = list(adoption.lines.order_by("number"))
        for line in lines:
            self.stdout.write(f"{line.number}\t{line.finding}\t{line.name}\t{line.message}")
        fine = sum(line.finding == good for line in lines)
        self.stdout.write(f"{fine} of {len(lines)} {'adopted' if options['apply'] else 'would be adopted'}")
        if fine < len(lines):
            raise CommandError(f"{len(lines) - fine} lines need a look.")

    def _settled(self, adoption: Adoption) -> Adoption:
        try:
            return work_until_settled(adoption, self._progress)
        except KeyboardInterrupt:
            cancel_adoption(adoption=adoption, actor=ACTOR, now=timezone.now())
            raise CommandError("Stopped. What was adopted so far stays; run it again for the rest.") from None

    def _progress(self, done: int, total: int) -> None:
        self.stderr.write(f"{done} of {total}")


def _environment(integration: str, kind: str) -> Environment:
    if kind not in KINDS:
        raise CommandError(f"An environment is {' or '.join(KINDS)}, not {kind!r}.")
    return environment_named(integration, kind)


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read as UTF-8: {error}.") from None
