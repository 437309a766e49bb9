"""`manage.py doctor`: says what works, what to look at and what to mend."""

import json
import os
import signal
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from dashboard.diagnosis import Finding, Grade, examine

BROKEN_PIPE = 128 + signal.SIGPIPE  # as a program says that a shell's pipe has ended


class Command(BaseCommand):
    help = "Examine settings, database, broker, clocks and AWS credentials; exit 1 if something failed."
    requires_system_checks = ()  # what it examines is not code

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object a line")

    def handle(self, **options: Any) -> None:
        try:
            failed = self._tell(as_json=options["json"])
        except BrokenPipeError:  # `| head` has read enough; what is still to be flushed at the exit goes nowhere
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(BROKEN_PIPE)
        if failed:
            sys.exit(1)

    def _tell(self, *, as_json: bool) -> bool:
        """Print every finding as it comes and return whether something failed."""
        failed = False
        for finding in examine():
            failed |= finding.grade == Grade.FAILED
            self.stdout.write(json.dumps(asdict(finding)) if as_json else _line(finding))
            self.stdout.flush()
        return failed


def _line(finding: Finding) -> str:
    return f"{finding.grade:<8} {finding.subject}: {finding.text}"
