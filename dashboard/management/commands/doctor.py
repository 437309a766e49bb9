"""`manage.py doctor`: says what works, what to look at and what to mend."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from dashboard.diagnosis import Finding, Grade, examine


class Command(BaseCommand):
    help = "Examine settings, database, broker, clocks and AWS credentials; exit 1 if something failed."
    requires_system_checks = ()  # what it examines is not code

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object a line")

    def handle(self, **options: Any) -> None:
        failed = False
        for finding in examine():
            failed |= finding.grade == Grade.FAILED
            self.stdout.write(json.dumps(asdict(finding)) if options["json"] else _line(finding))
            self.stdout.flush()
        if failed:
            sys.exit(1)


def _line(finding: Finding) -> str:
    return f"{finding.grade:<8} {finding.subject}: {finding.text}"
