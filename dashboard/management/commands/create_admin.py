"""`manage.py create_admin`: creates an administrator, or prints the link on which the first one creates itself."""

import os
import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dashboard.management.refusals import as_command_errors
from dashboard.web.first_admin import first_admin_link
from tenants.administrators import administrator_exists, create_administrator
from tenants.audit import Actor


class Command(BaseCommand):
    help = "Create an administrator, or with --link print a one-time link for the first one."
    requires_system_checks = ()  # it is run by scripts and the launcher

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", nargs="?", help="the e-mail address to sign in with")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        parser.add_argument("--link", action="store_true", help="print a link, good for a week and for one person")

    def handle(self, **options: Any) -> None:
        with as_command_errors():
            if options["link"]:
                self._print_link(options["email"])
            else:
                self._create(options["email"], from_stdin=options["password_stdin"])

    def _print_link(self, email: str | None) -> None:
        if email:
            raise CommandError("With --link the visitor chooses the address: leave it out.")
        if administrator_exists():  # no mistake: the launcher asks at every first start, also on an existing database
            self.stdout.write("There is an administrator already: sign in, or create another by e-mail address.")
        else:
            self.stdout.write(f"Create the administrator here, within a week:\n  {first_admin_link()}")

    def _create(self, email: str | None, *, from_stdin: bool) -> None:
        if not email:
            raise CommandError("Name the e-mail address of the administrator, or ask for a link with --link.")
        password = _password(from_stdin=from_stdin)
        actor = Actor.system("manage.py create_admin")
        user = create_administrator(email=email, password=password, actor=actor, now=timezone.now())
        self.stdout.write(f"{user.email} may sign in as administrator.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    given = os.environ.get("ADMIN_PASSWORD")
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise CommandError("Give the password with --password-stdin or in ADMIN_PASSWORD.")
    password = getpass("Password: ")
    if password != getpass("Again: "):
        raise CommandError("The two passwords differ. Nothing was created.")
    return password
