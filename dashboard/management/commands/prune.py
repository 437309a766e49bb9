"""`manage.py prune`: lets go what is older than the retention, or tells what that would be."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from dashboard.management.refusals import as_command_errors
from integrations.events.prune_forecast import forecast
from integrations.events.pruned import Line, Report
from integrations.events.retention import AnotherPrune, prune
from tenants.audit import Actor

HEADINGS = ("table", "action", "rows", "bytes", "why")


class Command(BaseCommand):
    requires_system_checks = ()  # it is run by scripts, and touches no URL, template or static file
    help = (
        "Drop and delete what is older than its environment's retention, and keep aside what is in use of it. "
        "A worker does the same every hour."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only tell what would happen")
        parser.add_argument("--json", action="store_true", help="print JSON for programs")

    def handle(self, **options: Any) -> None:
        report = _report(dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps([line.document() for line in report.lines]))
        else:
            self.stdout.write(_text(report, dry_run=options["dry_run"]))
        if report.busy:
            self.stderr.write("Some tables were in use and were left. Run it again later, or let the worker do it.")


def _report(*, dry_run: bool) -> Report:
    now = timezone.now()
    try:
        with as_command_errors():
            return forecast(now) if dry_run else prune(actor=Actor.system("manage.py prune"), now=now)
    except AnotherPrune as refusal:
        raise CommandError(str(refusal)) from refusal


def _text(report: Report, *, dry_run: bool) -> str:
    if not report.lines:
        return "Nothing has expired."
    rows = [HEADINGS, *(_cells(line) for line in report.lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*table, _summary(report, dry_run=dry_run)])


def _cells(line: Line) -> tuple[str, ...]:
    rows = "" if line.rows is None else f"{'~' if line.estimated else ''}{line.rows:,}"
    size = _size(line.bytes) if line.bytes else ""
    return line.table, str(line.action), rows, size, line.why


def _summary(report: Report, *, dry_run: bool) -> str:
    totals = report.totals()
    done = "Would drop" if dry_run else "Dropped"
    return (
        f"{done} {totals['tables_dropped']} tables ({_size(totals['bytes_freed'])}), "
        f"delete{'' if dry_run else 'd'} {totals['rows_deleted']:,} rows, "
        f"ke{'ep' if dry_run else 'pt'} {totals['rows_kept_aside']:,} aside."
        + (" Nothing was changed." if dry_run else "")
    )


def _size(count: int) -> str:
    return filesizeformat(count).replace("\xa0", " ")
