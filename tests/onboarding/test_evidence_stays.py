"""Evidence outlives what it is about: a tenant that is closed, and a row that somebody wants to delete."""

import pytest
from django.db.models import ProtectedError
from django.test import Client

from integrations.onboarding.evidence_report import report_of, sha256_of
from integrations.onboarding.models import ValidationRun
from integrations.sources.closing import close_tenant
from integrations.sources.models import Source
from tenants.models import User
from tests.onboarding.conftest import SYSTEM
from tests.onboarding.proof_stories import Case

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def evidence(case: Case) -> ValidationRun:
    """A demonstration that passed, on a source of Alder's."""
    source = case.source()
    case.run("passed")
    run = ValidationRun.objects.get()
    run.tenant, run.source = source.tenant, source
    run.report = report_of(run)
    run.report_sha256 = sha256_of(run.report)
    run.save()
    return run


def test_closing_a_tenant_keeps_what_was_shown_with_it(case: Case, evidence: ValidationRun) -> None:
    assert evidence.tenant
    close_tenant(tenant=evidence.tenant, actor=SYSTEM, now=case.now)
    kept = ValidationRun.objects.get()
    assert (kept.report, kept.report_sha256) == (evidence.report, evidence.report_sha256)
    client = Client()
    client.force_login(User.objects.create_user("support@example.com", staff_role="support"))
    page = client.get(f"/onboarding/{case.integration.slug}/validation/runs/{kept.public_id}/report")
    assert evidence.report_sha256 in page.content.decode()


def test_rows_that_carry_evidence_cannot_be_deleted(evidence: ValidationRun) -> None:
    assert evidence.tenant
    for row in (evidence.tenant, evidence.source, evidence.environment):
        assert row
        with pytest.raises(ProtectedError):
            row.delete()
    assert Source.objects.count() == 1
