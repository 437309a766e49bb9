#!/usr/bin/env python
"""Django's command line for Partnerbus."""

import os
import sys

from launcher import stack, supervise


def main() -> None:
    """Run a command; beside a running `make run` it reaches that one's servers."""
    if sys.argv[1:2] == ["up"]:
        sys.exit(supervise.main())
    stack.adopt()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
