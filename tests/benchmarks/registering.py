"""Run on an installation: registers an integration and tenants whose sources are connected, and prints their keys.

The sources are written as AWS would show them; how they come about is no part of what is measured.
"""

import json
import os
import sys

import django

TENANTS = 10


def main() -> None:
    """Print `{"key", "environment", "sources": {tenant: id of its source}}`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    from django.utils import timezone

    from integrations.registration.integrations import EnvironmentSettings, create_integration
    from integrations.registration.keys import issue_key
    from integrations.sources.gate import set_gate
    from integrations.sources.models import Lane, Source
    from tenants.accounts import put_tenant
    from tenants.audit import Actor

    actor, now = Actor.system("benchmark"), timezone.now()
    settings = EnvironmentSettings(
        "test", "aws.partner/benchmark.example.com.test", "111111111111", ["eu-west-1"], gate_policy="hold"
    )
    integration = create_integration(slug="benchmark", name="Benchmark", environments=[settings], actor=actor, now=now)
    environment = integration.environments.get()
    sources = {}
    for number in range(TENANTS):
        tenant, _ = put_tenant(
            directory=environment.directory, external_id=f"t{number}", name=f"Tenant {number}", actor=actor, now=now
        )
        source = Source.objects.create(
            environment=environment,
            tenant=tenant,
            account="222222222222",
            region="eu-west-1",
            label="events",
            name=f"{environment.namespace}/t{number}/events",
            observed="active",
            observed_at=now,
            provisioned_at=now,
        )
        Lane.objects.create(source=source, environment=environment, region=source.region)
        set_gate(source, environment)
        sources[tenant.external_id] = source.pk
    key = issue_key(environment=environment, name="backend", actor=actor, now=now)[1]
    sys.stdout.write(json.dumps({"key": key, "environment": environment.pk, "sources": sources}))


if __name__ == "__main__":
    main()
