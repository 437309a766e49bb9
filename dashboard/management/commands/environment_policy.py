"""`manage.py environment_policy`: shows or changes what an environment keeps, holds and does while AWS says PENDING."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from dashboard.management.commands.create_integration import KINDS
from dashboard.management.environments import environment_named
from dashboard.management.refusals import as_command_errors
from integrations.registration.models import Environment
from integrations.registration.policies import LONGEST_HOLD_DAYS, LONGEST_RETENTION_DAYS, MOST_RENEWALS, set_policies
from integrations.sources.gate_policy import set_gate_policy
from tenants.audit import Actor

SHOWN = ("retention_days", "hold_limit_days", "gate_policy", "expiry_renewals")


class Command(BaseCommand):
    requires_system_checks = ()  # it is run by scripts, and touches no URL, template or static file
    help = "Show how an environment keeps and holds events, and what it does while AWS says PENDING; or change it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", help="the integration's slug")
        parser.add_argument("environment", choices=KINDS)
        parser.add_argument("--retention-days", type=int, help=f"1 to {LONGEST_RETENTION_DAYS}")
        parser.add_argument("--hold-limit-days", type=int, help=f"1 to {LONGEST_HOLD_DAYS}")
        parser.add_argument(
            "--gate-policy", choices=Environment.GatePolicy.values, help="for events of a source that AWS calls PENDING"
        )
        parser.add_argument(
            "--expiry-renewals",
            type=int,
            help=f"how often an offer that expired is made again by itself, 0 (people are asked) to {MOST_RENEWALS}",
        )
        parser.add_argument("--json", action="store_true", help="print JSON for programs")

    def handle(self, **options: Any) -> None:
        with as_command_errors():
            before = environment_named(options["integration"], options["environment"])
            environment = set_policies(
                environment=before,
                retention_days=options["retention_days"],
                hold_limit_days=options["hold_limit_days"],
                expiry_renewals=options["expiry_renewals"],
                actor=Actor.system("manage.py environment_policy"),
                now=timezone.now(),
            )
            if options["gate_policy"]:
                environment = set_gate_policy(
                    environment=environment,
                    policy=options["gate_policy"],
                    actor=Actor.system("manage.py environment_policy"),
                    now=timezone.now(),
                )
        policies = {name: getattr(environment, name) for name in SHOWN}
        if options["json"]:
            self.stdout.write(json.dumps(policies))
        else:
            self.stdout.write("\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in policies.items()))
        if environment.retention_days < before.retention_days:
            self.stderr.write(
                "Events older than that go within the hour, for good: `manage.py prune --dry-run` tells which."
            )
