"""`python3 -m launcher COMMAND`, which the Makefile calls with whatever Python it finds."""

import sys

# Before any import, because the other modules do not even parse there.
if sys.version_info < (3, 11):  # noqa: UP036 - this is the one place that an older Python gets to see
    sys.exit(
        f"Partnerbus needs Python 3.11 or newer; this one is {sys.version.split()[0]}. Install one (Debian and Ubuntu: "
        "apt install python3, macOS: brew install python) or name yours: make run PYTHON=/path/to/python3.11"
    )

from launcher import commands

sys.exit(commands.main(sys.argv[1:]))
