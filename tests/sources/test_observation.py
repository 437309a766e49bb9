from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.sources.models import Lane, Observed, Source, SourceChange
from integrations.sources.observation import Answer, Observation, observe, record_answer, transition
from integrations.sources.sweep import advance
from tenants.models import Tenant
from tests.aws.scripted_aws import ScriptedAws, refuse
from tests.sources.aws_side import accounts

AT = datetime(2026, 5, 10, 12, tzinfo=UTC)
LONG_AGO, JUST_NOW = AT - timedelta(days=9), AT - timedelta(seconds=119)
PAST, FUTURE = AT - timedelta(seconds=1), AT + timedelta(days=1)
NOT_LISTED = Answer(None)


@pytest.mark.parametrize("before", Observed.values)
@pytest.mark.parametrize("ended", ["", "gone", "expired"])
def test_an_answer_with_a_state_counts_whatever_was_before(before: str, ended: str) -> None:
    source = Source(observed=before, ended=ended, provisioned_at=LONG_AGO, expires_at=PAST)
    pending = transition(source, Answer(Observed.PENDING, FUTURE), AT)
    assert pending == Observation("pending", "", FUTURE)
    assert transition(source, Answer(Observed.ACTIVE, FUTURE), AT) == Observation("active", "", None)
    assert transition(source, Answer(Observed.DELETED), AT) == Observation("deleted", "gone", None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"observed": "pending", "expires_at": PAST}, Observation("none", "expired", PAST)),
        ({"observed": "pending", "expires_at": AT}, Observation("none", "expired", AT)),
        ({"observed": "pending", "expires_at": FUTURE}, Observation("none", "expired", FUTURE)),
        ({"observed": "active"}, Observation("none", "gone")),
        ({"observed": "deleted", "ended": "gone"}, Observation("none", "gone")),
        ({"observed": "none", "ended": "expired", "expires_at": PAST}, Observation("none", "expired", PAST)),
        ({"observed": "none", "ended": "gone"}, Observation("none", "gone")),
        ({"observed": "unknown", "provisioned_at": JUST_NOW}, Observation("unknown")),
        ({"observed": "unknown", "provisioned_at": AT - timedelta(minutes=2)}, Observation("none", "gone")),
    ],
)
def test_an_account_that_is_not_listed_means_what_the_state_before_makes_of_it(
    before: dict[str, Any], after: Observation
) -> None:
    assert transition(Source(**{"provisioned_at": LONG_AGO} | before), NOT_LISTED, AT) == after


def test_without_a_moment_from_aws_expiry_counts_from_when_it_was_first_seen_pending(settings: Any) -> None:
    settings.SOURCE_EXPIRY_DAYS = 6
    first = transition(Source(observed="active", provisioned_at=LONG_AGO), Answer(Observed.PENDING), AT)
    assert first.expires_at == AT + timedelta(days=6)
    later = transition(Source(observed="pending", expires_at=first.expires_at), Answer(Observed.PENDING), FUTURE)
    assert later.expires_at == first.expires_at


@pytest.fixture
def source(tenant: Tenant, make_source: Callable[..., Source]) -> Source:
    """An active source about which AWS was asked at AT."""
    source = make_source(tenant, tries=3, failure_code="InternalException", failure_message="!")
    Source.objects.filter(pk=source.pk).update(observed_at=AT)
    return Source.objects.select_related("environment").get(pk=source.pk)


def gate(source: Source) -> bool:
    return Lane.objects.get(source=source).publishable


def test_a_departure_from_active_closes_the_gate_and_remembers_when_active_was_last_true(source: Source) -> None:
    asked_at, now = AT + timedelta(minutes=5), AT + timedelta(minutes=5, seconds=2)
    record_answer(source, Answer(Observed.PENDING, FUTURE), asked_at=asked_at, now=now)
    source.refresh_from_db()
    assert (source.observed, source.observed_at, source.expires_at) == ("pending", asked_at, FUTURE)
    assert not gate(source)
    change = SourceChange.objects.get(source=source)
    assert (change.before, change.after, change.cause) == ("active", "pending", "aws")
    assert (change.confirmed_at, change.at) == (AT, now)


def test_an_answer_to_an_older_question_is_discarded(source: Source) -> None:
    older = AT - timedelta(milliseconds=1)
    record_answer(source, Answer(Observed.DELETED), asked_at=older, now=FUTURE)
    source.refresh_from_db()
    assert (source.observed, source.observed_at) == ("active", AT)
    assert gate(source)
    assert not SourceChange.objects.filter(source=source).exists()


def test_an_answer_for_an_outdated_intent_is_discarded(source: Source) -> None:
    Source.objects.filter(pk=source.pk).update(intent=2)
    record_answer(source, NOT_LISTED, asked_at=FUTURE, now=FUTURE)
    source.refresh_from_db()
    assert source.observed == "active"


def test_the_same_answer_again_writes_no_history_and_clears_what_failed_before(source: Source) -> None:
    record_answer(source, Answer(Observed.ACTIVE), asked_at=FUTURE, now=FUTURE)
    source.refresh_from_db()
    assert (source.observed_at, source.failure_code, source.tries) == (FUTURE, "", 0)
    assert source.due_at is not None
    assert source.due_at > FUTURE
    assert not SourceChange.objects.filter(source=source).exists()


def test_expiry_is_recorded_as_such_and_keeps_the_moment(source: Source) -> None:
    Source.objects.filter(pk=source.pk).update(observed="pending", expires_at=PAST)
    record_answer(source, NOT_LISTED, asked_at=AT, now=AT)
    source.refresh_from_db()
    assert (source.observed, source.ended, source.expires_at) == ("none", "expired", PAST)
    assert SourceChange.objects.get(source=source).cause == "expiry"


def test_any_answer_clears_a_suspicion_and_reopens_the_gate(source: Source) -> None:
    Source.objects.filter(pk=source.pk).update(suspect_since=AT)
    Lane.objects.filter(source=source).update(publishable=False)
    record_answer(source, Answer(Observed.ACTIVE), asked_at=AT, now=FUTURE)
    source.refresh_from_db()
    assert (source.suspect_since, gate(source)) == (None, True)


def test_an_answer_to_a_question_from_before_the_refusal_clears_nothing(source: Source) -> None:
    refused_at = AT + timedelta(seconds=2)
    Source.objects.filter(pk=source.pk).update(suspect_since=refused_at)
    Lane.objects.filter(source=source).update(publishable=False)
    record_answer(source, Answer(Observed.ACTIVE), asked_at=AT + timedelta(seconds=1), now=AT + timedelta(seconds=3))
    source.refresh_from_db()
    assert (source.suspect_since, gate(source)) == (refused_at, False)
    assert source.failure_code == "InternalException"
    assert source.due_at is not None
    assert source.due_at < AT + timedelta(seconds=5)


@pytest.mark.parametrize("word", ["PENDING", "ACTIVE", "DELETED"])
def test_the_state_of_our_account_is_taken_and_not_that_of_others(
    source: Source, scripted: ScriptedAws, word: str
) -> None:
    scripted.answers(accounts("999999999999", "222222222222", state=word))
    observe(source, timezone.now)
    source.refresh_from_db()
    assert source.observed == word.lower()


@pytest.mark.parametrize("answer", [accounts(), accounts("999999999999"), refuse("ResourceNotFoundException")])
def test_no_such_source_no_account_and_only_foreign_accounts_all_mean_gone(
    source: Source, scripted: ScriptedAws, answer: Any
) -> None:
    scripted.answers(answer)
    observe(source, timezone.now)
    source.refresh_from_db()
    assert (source.observed, source.ended) == ("none", "gone")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refuse("OperationDisabledException"), "OperationDisabledException"),
        (refuse("AccessDeniedException"), "AccessDeniedException"),
        (refuse("SomethingNewException"), "SomethingNewException"),
        (accounts("222222222222", state="DREAMING"), "InconsistentReply"),
    ],
)
def test_an_error_leaves_the_state_as_old_as_it_is_and_is_never_final(
    source: Source, scripted: ScriptedAws, answer: Any, code: str
) -> None:
    scripted.answers(answer)
    advance(source, timezone.now)
    source.refresh_from_db()
    assert (source.observed, source.observed_at, gate(source)) == ("active", AT, True)
    assert (source.failure_code, source.failure_final, source.tries) == (code, False, 4)
    assert source.due_at is not None
