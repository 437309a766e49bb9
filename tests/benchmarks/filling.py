"""Run on an installation: `python -m tests.benchmarks.filling EVENTS` makes what is missing of the large store.

Prints `{"key", "events"}`: a key that may read it, and how many events it has.
"""

import json
import os
import sys

import django

COUNT = "select count(*) from events where environment_id = %s"


def main(events: int) -> None:
    """Fill, and make a key."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    import psycopg
    from django.conf import settings
    from django.utils import timezone

    from integrations.registration.keys import issue_key
    from integrations.registration.models import Environment
    from tenants.audit import Actor
    from tests.benchmarks.large_store import fill

    with psycopg.connect(settings.DATABASE_URL_DIRECT, autocommit=True) as connection:
        environment = Environment.objects.get(
            pk=fill(connection, events=events, say=lambda text: print(text, file=sys.stderr))  # noqa: T201
        )
        row = connection.execute(COUNT, [environment.pk]).fetchone()
        assert row is not None
    key = issue_key(environment=environment, name="benchmark", actor=Actor.system("benchmark"), now=timezone.now())[1]
    sys.stdout.write(json.dumps({"key": key, "events": int(row[0])}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
