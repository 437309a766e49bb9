import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WITH_DJANGO = """
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
import django
django.setup()
from django.db import connection, transaction
from integrations.aws import identity, partner_sources
from integrations.aws.publishers import Publisher
from integrations.aws.transactions import InsideTransaction
from tests.aws.calling import put_partner_events
publisher = Publisher("111111111111")
name = "aws.partner/example.com/x/y"
CALLS = {
    "create": lambda: partner_sources.create(publisher, "eu-west-1", name, "222222222222"),
    "delete": lambda: partner_sources.delete(publisher, "eu-west-1", name, "222222222222"),
    "describe": lambda: partner_sources.describe(publisher, "eu-west-1", name),
    "accounts_of": lambda: partner_sources.accounts_of(publisher, "eu-west-1", name),
    "list_sources": lambda: list(partner_sources.list_sources(publisher, "eu-west-1", "aws.partner/example.com/")),
    "put": lambda: put_partner_events(publisher, "eu-west-1", [b"{}"], timeout=1),
    "identity": lambda: identity.caller_identity(publisher),
}
connection.ensure_connection()
"""

PLAIN = """
from integrations.aws.transactions import refuse_inside_transaction
refuse_inside_transaction("PutPartnerEvents")
print("passed")
"""


def run(script: str) -> str:
    finished = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def test_no_call_to_aws_is_made_while_a_transaction_is_open() -> None:
    inside = """
for label, call in CALLS.items():
    with transaction.atomic():
        try:
            call()
        except InsideTransaction as refusal:
            print(label, refusal)
"""
    lines = run(WITH_DJANGO + inside).splitlines()
    calls = ["create", "delete", "describe", "accounts_of", "list_sources", "put", "identity"]
    assert [line.split()[0] for line in lines] == calls
    assert all("Commit what is intended, call AWS, then commit the outcome" in line for line in lines)


def test_after_the_commit_and_inside_a_test_case_the_call_passes() -> None:
    after = """
from django.test import TestCase
from integrations.aws.transactions import refuse_inside_transaction
with transaction.atomic():
    pass
refuse_inside_transaction("PutPartnerEvents")
case = TestCase()
TestCase.setUpClass()
refuse_inside_transaction("PutPartnerEvents")
with transaction.atomic():
    try:
        refuse_inside_transaction("PutPartnerEvents")
    except InsideTransaction:
        print("refused only inside its own block")
"""
    assert run(WITH_DJANGO + after) == "refused only inside its own block"


def test_a_plain_script_needs_no_django_settings() -> None:
    assert run(PLAIN) == "passed"
