from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

import pytest
from django.core.management import CommandError, call_command


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    output: str
    error: str
    code: int


@pytest.fixture
def manage() -> Callable[..., Said]:
    """Run a command as `manage.py` does: what it raises is a sentence and exit code 1."""

    def run(*arguments: str) -> Said:
        output, error = StringIO(), StringIO()
        try:
            call_command(*arguments, stdout=output, stderr=error)
        except CommandError as refusal:
            return Said(output.getvalue(), str(refusal), refusal.returncode)
        except SystemExit as exit_:
            return Said(output.getvalue(), error.getvalue(), int(exit_.code or 0))
        return Said(output.getvalue(), error.getvalue(), 0)

    return run
