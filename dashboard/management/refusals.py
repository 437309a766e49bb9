"""How a command refuses: one sentence on standard error and exit code 1, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import OperationalError, ProgrammingError

from integrations.aws.limits import LimitError
from integrations.problems import Problem
from tenants.administrators import InvalidAdministrator


@contextmanager
def as_command_errors() -> Iterator[None]:
    """Turn what use cases refuse, and a database that is away or has no tables, into a CommandError."""
    try:
        yield
    except (Problem, LimitError, InvalidAdministrator) as refusal:
        raise CommandError(str(refusal)) from refusal
    except OperationalError as error:
        raise CommandError(f"The database cannot be used: {_first_line(error)}. Check DATABASE_URL.") from error
    except ProgrammingError as error:
        raise CommandError(f"{_first_line(error)}. Run `python manage.py migrate` first.") from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
