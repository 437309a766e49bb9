from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.reconciliation.models import Adoption, BulkRenewal, Drift, Survey
from integrations.reconciliation.surveying import plan_surveys
from integrations.reconciliation.working import work
from integrations.registration.models import Environment
from tests.sandbox.started import World
from tests.sources.conftest import _own_locks, aws, make_tenant, offer, shared_sandbox

__all__ = ["_own_locks", "aws", "make_tenant", "offer", "shared_sandbox"]


@pytest.fixture(autouse=True)
def _without_pauses(settings: Any) -> None:
    """The budget has tests of its own."""
    settings.CONTROL_CALLS_PER_SECOND = 0


@pytest.fixture
def survey(environment: Environment, aws: World) -> Callable[[], None]:
    """Survey the environment now, as the task does."""

    def run() -> None:
        plan_surveys(timezone.now())
        Survey.objects.update(due_at=timezone.now())
        finish()

    return run


def finish() -> None:
    """Work until nothing is due."""
    for model in (Survey, Drift, Adoption, BulkRenewal):
        assert model.objects.filter(due_at__gt=timezone.now() + timedelta(days=2)).count() == 0
    work(clock=timezone.now, life=timedelta(seconds=20), sleep=lambda _: None)
