"""Run on an installation: `python -m tests.benchmarks.gates SOURCE present|paused` closes or opens a source's gate.

Prints the moment before the commit, in seconds on the machine's monotonic clock.
"""

import json
import os
import sys
import time

import django


def main(source_id: int, desired: str) -> None:
    """Set what is wanted of the source, and its gate by it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    from django.db import transaction

    from integrations.sources.gate import set_gate
    from integrations.sources.models import Source

    with transaction.atomic():
        source = Source.objects.select_for_update(of=("self",)).select_related("environment").get(pk=source_id)
        source.desired = desired
        source.save(update_fields=["desired"])
        set_gate(source, source.environment)
        at = time.monotonic()
    sys.stdout.write(json.dumps({"at": at}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
