"""`manage.py maintenance`: holds all events of an environment in a region, or lets them flow again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from dashboard.management.commands.create_integration import KINDS
from dashboard.management.environments import environment_named
from dashboard.management.refusals import as_command_errors
from integrations.registration.models import Environment
from integrations.sources.maintenance import begin_maintenance, end_maintenance
from tenants.audit import Actor

ACTOR = Actor.system("manage.py maintenance")


class Command(BaseCommand):
    requires_system_checks = ()  # it is run by scripts, and touches no URL, template or static file
    help = "Hold all events of an environment in a region (on), let them flow again (off), or show what is held."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", help="the integration's slug")
        parser.add_argument("environment", choices=KINDS)
        parser.add_argument("region", nargs="?", help="such as eu-west-1; left out, it is shown what is held")
        parser.add_argument("switch", nargs="?", choices=("on", "off"))
        parser.add_argument("--note", default="", help="why, for the others")

    def handle(self, **options: Any) -> None:
        with as_command_errors():
            environment = environment_named(options["integration"], options["environment"])
            if options["region"] and options["switch"]:
                self.stdout.write(_switch(environment, options["region"], options["switch"], options["note"]))
        for row in environment.maintenances.order_by("region"):
            self.stdout.write(
                f"{row.region}: held since {row.since:%Y-%m-%d %H:%M} UTC by {row.actor_label}. {row.note}"
            )


def _switch(environment: Environment, region: str, switch: str, note: str) -> str:
    now = timezone.now()
    if switch == "on":
        begin_maintenance(environment=environment, region=region, note=note, actor=ACTOR, now=now)
        return f"Everything of {environment} in {region} is held from now on."
    ended = end_maintenance(environment=environment, region=region, actor=ACTOR, now=now)
    return f"Events of {environment} in {region} flow again." if ended else f"Nothing was held in {region}."
