"""`manage.py load_demo`: fills a fresh installation on one's own machine with the demo world."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dashboard.demo import DemoRefused
from dashboard.demo.loading import SLUG, load_demo
from dashboard.demo.people import PASSWORD, sign_ins
from dashboard.demo.simulator import CallRefused
from dashboard.management.refusals import as_command_errors


class Command(BaseCommand):
    help = "Load the demo world: people, an integration, three tenants and real events. Again, it changes nothing."
    requires_system_checks = ()  # the launcher runs it, and it touches no URL, template or static file

    def handle(self, **options: Any) -> None:
        try:
            with as_command_errors():
                is_new = load_demo(clock=timezone.now)
        except DemoRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except CallRefused as refusal:
            raise CommandError(f"The AWS simulator refused a customer's call: {refusal}") from refusal
        self.stdout.write("The demo world is loaded." if is_new else "The demo world was loaded before.")
        self.stdout.write(f"Sign in as {', '.join(sign_ins())}; the password is {PASSWORD}")
        self.stdout.write(f"A key for the API: python manage.py create_key {SLUG} test curl")
