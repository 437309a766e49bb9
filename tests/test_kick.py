"""A kick starts a task at once where it can, and costs nothing where it cannot."""

import time

import pytest
from celery import Celery, shared_task
from django.db import transaction

from dashboard.celery import app
from integrations import kick as kicking
from integrations.kick import kick


@shared_task
def nothing() -> None:
    """A task for these tests."""


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kicking, "_resume_at", 0.0)


def sent(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> list[dict[str, object]]:
    calls: list[dict[str, object]] = []

    def apply_async(**options: object) -> None:
        calls.append(options)
        if error:
            raise error

    monkeypatch.setattr(nothing, "apply_async", apply_async)
    return calls


@pytest.mark.django_db(transaction=True)
def test_a_kick_waits_for_the_commit_and_is_lost_with_a_rollback(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = sent(monkeypatch)
    with transaction.atomic():
        kick(nothing)
        assert calls == []
    assert len(calls) == 1
    with transaction.atomic():
        kick(nothing)
        transaction.set_rollback(True)
    assert len(calls) == 1


@pytest.mark.django_db(transaction=True)
def test_after_a_failure_kicks_are_skipped_for_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = sent(monkeypatch, ConnectionRefusedError())
    kick(nothing)
    kick(nothing)
    assert len(calls) == 1
    monkeypatch.setattr(kicking, "_resume_at", time.monotonic() - 1)
    kick(nothing)
    assert len(calls) == 2


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_gone_costs_no_retries() -> None:
    elsewhere = Celery("elsewhere", broker="redis://127.0.0.1:1/0", set_as_current=False)
    elsewhere.conf.broker_transport_options = app.conf.broker_transport_options

    @elsewhere.task
    def lost() -> None:
        """A task that cannot be sent."""

    kick(lost)  # imports the transport
    kicking._resume_at = 0.0
    started = time.monotonic()
    kick(lost)
    assert time.monotonic() - started < 5 * app.conf.broker_transport_options["socket_connect_timeout"]
    assert kicking._resume_at > started
