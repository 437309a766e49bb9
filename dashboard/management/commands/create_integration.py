"""`manage.py create_integration`: registers an integration with its environments."""

import json
from argparse import ArgumentParser
from typing import Any, Literal

from django.core.management.base import BaseCommand
from django.utils import timezone

from dashboard.management.refusals import as_command_errors
from integrations.onboarding.stages import begin_integration
from integrations.registration.integrations import EnvironmentSettings
from integrations.registration.models import Environment, Integration
from tenants.audit import Actor

Kind = Literal["test", "production"]
KINDS: tuple[Kind, ...] = ("test", "production")


class Command(BaseCommand):
    requires_system_checks = ()  # it is run by scripts, and touches no URL, template or static file
    help = "Register an integration with one or both of its environments and print their ids."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="its short name in URLs and commands, for example `orders`")
        parser.add_argument("name", nargs="?", help="its name for people; without one, the slug")
        parser.add_argument("--test-namespace", help="for example aws.partner/example.com.test")
        parser.add_argument("--production-namespace", help="for example aws.partner/example.com")
        parser.add_argument("--publisher-account", required=True, help="the AWS account registered as sender")
        parser.add_argument("--regions", required=True, type=listed, help="AWS regions, separated by commas")
        parser.add_argument("--role-arn", default="", help="role of the publisher account to assume")
        parser.add_argument("--external-id", default="", help="external id that the role asks for")
        parser.add_argument("--receiver-accounts", default=[], type=listed, help="accounts for the test's AWS side")
        parser.add_argument(
            "--gate-policy",
            default=Environment.GatePolicy.HOLD,
            choices=Environment.GatePolicy.values,
            help="for events of PENDING sources: hold (default; each is sent once), send_and_keep or drop",
        )
        parser.add_argument(
            "--enabled",
            action="store_true",
            help="let tenants connect production at once, for an integration that is live with AWS already",
        )
        parser.add_argument("--json", action="store_true", help="print JSON for programs")

    def handle(self, **options: Any) -> None:
        with as_command_errors():
            integration = begin_integration(
                slug=options["slug"],
                name=options["name"] or options["slug"],
                environments=[_settings(kind, options) for kind in KINDS if options[f"{kind}_namespace"]],
                actor=Actor.system("manage.py create_integration"),
                now=timezone.now(),
            )
            document = _document(integration)
        self.stdout.write(json.dumps(document) if options["json"] else _text(document))


def listed(text: str) -> list[str]:
    """Return the words of a list separated by commas."""
    return [word for word in (part.strip() for part in text.split(",")) if word]


def _settings(kind: Kind, options: dict[str, Any]) -> EnvironmentSettings:
    return EnvironmentSettings(
        kind=kind,
        namespace=options[f"{kind}_namespace"],
        publisher_account=options["publisher_account"],
        regions=options["regions"],
        role_arn=options["role_arn"],
        external_id=options["external_id"],
        receiver_accounts=options["receiver_accounts"],
        enabled=options["enabled"],
        gate_policy=options["gate_policy"],
    )


def _document(integration: Integration) -> dict[str, Any]:
    environments = [
        {"id": str(each.public_id), "kind": each.kind, "namespace": each.namespace, "regions": each.regions}
        for each in integration.environments.order_by("id")
    ]
    return {
        "id": str(integration.public_id),
        "slug": integration.slug,
        "name": integration.name,
        "environments": environments,
    }


def _text(document: dict[str, Any]) -> str:
    lines = [f"Integration {document['slug']}: {document['id']}"]
    lines += [f"  {each['kind']:<10}  {each['id']}  {each['namespace']}" for each in document["environments"]]
    return "\n".join(lines)
