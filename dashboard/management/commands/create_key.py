"""`manage.py create_key`: issues an API key and shows it once."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dashboard.management.commands.create_integration import KINDS, listed
from dashboard.management.environments import environment_named
from dashboard.management.refusals import as_command_errors
from integrations.registration.keys import SCOPES, issue_key
from tenants.audit import Actor

NAME_LENGTH = 100
LONGEST_DAYS = 36_500


class Command(BaseCommand):
    requires_system_checks = ()  # it is run by scripts, and touches no URL, template or static file
    help = "Issue an API key of one environment. Its text is printed once and cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("integration", help="the integration's slug")
        parser.add_argument("environment", choices=KINDS)
        parser.add_argument("name", help="who or what will use the key, for example `backend`")
        parser.add_argument("--scopes", type=listed, default=list(SCOPES), help=f"some of {','.join(SCOPES)}; else all")
        parser.add_argument("--expires-in-days", type=int, help="without it the key is valid until it is revoked")
        parser.add_argument(
            "--events-per-second", type=int, help="how many events the key may post; without it there is no limit"
        )
        parser.add_argument("--json", action="store_true", help="print JSON for programs")

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        _check(options)
        days = options["expires_in_days"]
        with as_command_errors():
            key, text = issue_key(
                environment=environment_named(options["integration"], options["environment"]),
                name=options["name"],
                scopes=options["scopes"],
                expires_at=now + timedelta(days=days) if days else None,
                events_per_second=options["events_per_second"],
                actor=Actor.system("manage.py create_key"),
                now=now,
            )
        if options["json"]:
            expires_at = key.expires_at and key.expires_at.isoformat()
            document = {
                "id": str(key.public_id),
                "key": text,
                "scopes": key.scopes,
                "expires_at": expires_at,
                "events_per_second": key.events_per_second,
            }
            self.stdout.write(json.dumps(document))
        else:
            self.stdout.write(text)
            self.stderr.write("Keep this key now: only its hash is stored.")


def _check(options: dict[str, Any]) -> None:
    name, days = options["name"], options["expires_in_days"]
    if not name.strip() or not name.isprintable() or len(name) > NAME_LENGTH:
        raise CommandError(f"The name of a key is 1 to {NAME_LENGTH} printable characters.")
    if not options["scopes"]:
        raise CommandError(f"Give the key at least one scope of {', '.join(SCOPES)}.")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise CommandError(f"A key expires in 1 to {LONGEST_DAYS} days; leave the option out for one that does not.")
