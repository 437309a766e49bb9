from datetime import datetime, timedelta
from typing import Any

import pytest

from integrations.sources.models import Lane, Source
from integrations.sources.suspicion import suspect
from tenants.models import Tenant


@pytest.fixture
def source(tenant: Tenant, make_source: Any, now: datetime) -> Source:
    """An active source about which AWS was asked a minute ago."""
    source = make_source(tenant, due_at=now + timedelta(minutes=4))
    Source.objects.filter(pk=source.pk).update(observed_at=now - timedelta(minutes=1))
    source.refresh_from_db()
    return source


def accuse(source: Source, sent_at: datetime, now: datetime) -> bool:
    return suspect(source_id=source.pk, sent_at=sent_at, now=now, code="ResourceNotFoundException", message="gone")


def test_a_refusal_after_the_last_question_closes_the_gate_and_asks_at_once(source: Source, now: datetime) -> None:
    assert accuse(source, now - timedelta(seconds=1), now)
    source.refresh_from_db()
    assert (source.suspect_since, source.due_at) == (now - timedelta(seconds=1), now)
    assert source.failure_code == "ResourceNotFoundException"
    assert "gone" in source.failure_message
    assert not Lane.objects.get(source=source).publishable


def test_a_refusal_of_something_sent_before_the_last_question_is_no_news(source: Source, now: datetime) -> None:
    assert not accuse(source, now - timedelta(seconds=61), now)
    assert Lane.objects.get(source=source).publishable


def test_refusals_soon_after_an_answer_do_not_close_the_gate_again(source: Source, now: datetime) -> None:
    Source.objects.filter(pk=source.pk).update(observed_at=now - timedelta(seconds=29))
    assert not accuse(source, now, now)
    Source.objects.filter(pk=source.pk).update(observed_at=now - timedelta(seconds=31))
    assert accuse(source, now, now)


def test_a_source_that_is_suspect_already_keeps_its_first_moment(source: Source, now: datetime) -> None:
    accuse(source, now - timedelta(seconds=2), now)
    assert not accuse(source, now, now)
    source.refresh_from_db()
    assert source.suspect_since == now - timedelta(seconds=2)
