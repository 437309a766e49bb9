"""The file of an adoption: CSV with a header, `name,tenant[,tenant_name][,account][,region]`."""

import csv
import io
import re

from integrations.problems import Problem
from integrations.reconciliation.models import AdoptionLine
from integrations.registration.models import Environment

MOST_LINES = 20_000
MOST_CHARACTERS = 10_000_000
COLUMNS = {"name": 256, "tenant": 128, "tenant_name": 200, "account": 12, "region": 32}
INVALID, TWICE = "invalid", "twice"


def read_file(text: str, environment: Environment) -> list[AdoptionLine]:
    """Return the lines, numbered as in the file; one that cannot be used has its finding already.

    Columns that are not known are ignored. Raises Problem 422 `file_invalid`.
    """
    if len(text) > MOST_CHARACTERS:
        raise _invalid("It is too large; split it.")
    if "\x00" in text:  # PostgreSQL stores none
        raise _invalid("It is not text. Save it as CSV in UTF-8.")
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        header = [column.strip().lower() for column in next(rows, [])]
        if not {"name", "tenant"} <= set(header):
            raise _invalid("Its first line has to name the columns, name and tenant among them.")
        lines = [
            _line(rows.line_num, dict(zip(header, row, strict=False)), environment)
            for row in rows
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise _invalid(f"Line {rows.line_num} cannot be read: {error}.") from None
    if not 1 <= len(lines) <= MOST_LINES:
        raise _invalid(f"It has {len(lines):,} lines below its header; it may have 1 to {MOST_LINES:,}.")
    _mark_repeated(lines)
    return lines


def _line(number: int, cells: dict[str, str], environment: Environment) -> AdoptionLine:
    given = {column: cells.get(column, "").strip() for column in COLUMNS}
    given["account"] = given["account"].replace("-", "")
    if not given["region"] and len(environment.regions) == 1:
        given["region"] = environment.regions[0]
    complaint = _complaint(given, environment)
    line = AdoptionLine(number=number, **{column: given[column][:longest] for column, longest in COLUMNS.items()})
    if complaint:
        line.finding, line.message = INVALID, complaint
    return line


def _complaint(given: dict[str, str], environment: Environment) -> str:
    """Return what is wrong with the line, in a sentence, or nothing."""
    for column, longest in COLUMNS.items():
        if len(given[column]) > longest:
            return f"{column} is too long: at most {longest} characters."
    if not given["name"].startswith(f"{environment.namespace}/"):
        return f"The name does not lie under {environment.namespace}/."
    if not given["tenant"]:
        return "The tenant is missing."
    if given["account"] and not re.fullmatch("[0-9]{12}", given["account"]):
        return "An AWS account is twelve digits."
    if given["region"] not in environment.regions:
        return f"The region has to be one of {', '.join(sorted(environment.regions)) or 'none yet'}."
    return ""


def _mark_repeated(lines: list[AdoptionLine]) -> None:
    seen: set[tuple[str, str]] = set()
    for line in lines:
        if (line.region, line.name) in seen and not line.finding:
            line.finding, line.message = TWICE, "The name stands further up already."
        seen.add((line.region, line.name))


def _invalid(why: str) -> Problem:
    return Problem(422, "file_invalid", f"This file cannot be used. {why}")
