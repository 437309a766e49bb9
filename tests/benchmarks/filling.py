"""Run on an installation: `python -m tests.benchmarks.filling EVENTS` makes what is missing of the large store.

Prints `{"key", "events"}`: a key that may read it, and how many events it has.
"""

import json
import os
import sys

import django


def main(events: int) -> None:
    """Fill as `manage.py seed` does, and make a key."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    from django.utils import timezone

    from dashboard.seed.filling import fill
    from dashboard.seed.plan import Plan
    from integrations.events.models import Event
    from integrations.registration.keys import issue_key
    from tenants.audit import Actor

    environment = fill(Plan(events=events, changes=3), sys.stderr)
    key = issue_key(environment=environment, name="benchmark", actor=Actor.system("benchmark"), now=timezone.now())[1]
    stored = Event.objects.filter(environment_id=environment.pk).count()
    sys.stdout.write(json.dumps({"key": key, "events": stored}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
