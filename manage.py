#!/usr/bin/env python
"""Django's command line for Partnerbus."""

import os
import sys

from launcher import LaunchError, stack, supervise


def main() -> None:
    """Run a command; beside a running `make run` it reaches that one's servers."""
    if sys.argv[1:] == ["version"]:  # Django has a command of this name, which speaks of Django
        sys.stdout.write(f"{supervise.version()}\n")
        return
    if sys.argv[1:2] == ["up"]:
        sys.exit(supervise.main())
    try:
        stack.adopt()
    except LaunchError as error:
        sys.exit(str(error))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    os.environ["STATEMENT_TIMEOUT_MS"] = "0"  # a page may not hold an old snapshot for long; a migration may
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError:
        sys.exit("This Python has no Django. After `make run` it is: .venv/bin/python manage.py")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(
            f"{error}. Start `make run` first, or set the variables of .env.example. "
            "If `make run` uses PARTNERBUS_DATA, set the same one here."
        )


if __name__ == "__main__":
    main()
