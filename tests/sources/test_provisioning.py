from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from integrations.registration.models import Breaker
from integrations.sources.claims import CLAIM, claim_next
from integrations.sources.models import Source
from integrations.sources.states import shown_state
from integrations.sources.sweep import advance
from tests.aws.scripted_aws import Script, ScriptedAws, hang_up_after, refuse
from tests.sources.aws_side import accounts, created, meanwhile, names_in

Offer = Callable[..., Source]
EXISTS = refuse("ResourceAlreadyExistsException")
OURS, FOREIGN = "222222222222", "999999999999"


def take_step() -> Source:
    """Claim what is due, as a sweep does, and take it one step."""
    claimed = claim_next(timezone.now())
    assert claimed is not None
    advance(claimed, timezone.now)
    claimed.refresh_from_db()
    return claimed


def test_the_source_is_created_for_its_account_and_then_due_for_observation(
    offer: Offer, scripted: ScriptedAws
) -> None:
    wanted = offer()
    scripted.answers(created())
    source = take_step()
    (call,) = scripted.calls("CreatePartnerEventSource")
    assert names_in(call.body) == {"Name": wanted.name, "Account": OURS}
    assert source.arn == "arn:aws:events:eu-west-1::event-source/aws.partner/from-aws/x"
    assert source.provisioned_at is not None
    assert source.due_at == source.provisioned_at


def test_a_worker_killed_between_call_and_outcome_is_followed_by_one_that_finds_its_work(
    offer: Offer, scripted: ScriptedAws
) -> None:
    offer()
    killed = claim_next(timezone.now())  # it made the call, and was killed before it could commit
    assert killed is not None
    assert claim_next(timezone.now()) is None
    again = claim_next(timezone.now() + CLAIM + timedelta(seconds=1))
    assert again == killed
    scripted.answers(EXISTS, accounts(OURS))
    assert again is not None
    advance(again, timezone.now)
    again.refresh_from_db()
    assert (again.provisioned_at is None, again.failure_code) == (False, "")


def test_a_name_that_is_offered_to_another_account_is_never_adopted(offer: Offer, scripted: ScriptedAws) -> None:
    offer()
    scripted.answers(EXISTS, accounts(FOREIGN))
    source = take_step()
    assert (source.provisioned_at, source.due_at, source.failure_final) == (None, None, True)
    assert shown_state(source) == "failed"
    assert "another label" in source.failure_message
    assert FOREIGN not in source.failure_message  # whose account it is, is not this tenant's business


@pytest.mark.parametrize("lagging", [accounts(), refuse("ResourceNotFoundException")])
def test_a_list_that_names_nobody_yet_is_asked_again(offer: Offer, scripted: ScriptedAws, lagging: Script) -> None:
    made = offer()
    scripted.answers(EXISTS, lagging)
    source = take_step()
    assert (source.provisioned_at, source.failure_final, source.failure_code) == (None, False, "NotListedYet")
    assert source.due_at is not None
    Source.objects.filter(pk=made.pk).update(due_at=timezone.now())
    scripted.answers(EXISTS, accounts(OURS))
    source = take_step()
    assert (source.provisioned_at is None, source.failure_code, source.tries) == (False, "", 0)


def test_an_intent_that_changed_during_the_call_stays_due_and_is_carried_out(
    offer: Offer, scripted: ScriptedAws
) -> None:
    offer()
    claimed = claim_next(timezone.now())
    assert claimed is not None
    due_again = timezone.now() - timedelta(seconds=1)
    Source.objects.filter(pk=claimed.pk).update(intent=2, due_at=due_again)
    scripted.answers(created())
    advance(claimed, timezone.now)
    claimed.refresh_from_db()
    assert (claimed.provisioned_at, claimed.due_at) == (None, due_again)
    scripted.answers(EXISTS, accounts(OURS))
    assert take_step().provisioned_at is not None


@pytest.mark.django_db(transaction=True)
def test_an_intent_changed_by_somebody_else_during_the_call_wins(offer: Offer, scripted: ScriptedAws) -> None:
    made = offer()

    def change_intent() -> None:
        Source.objects.filter(pk=made.pk).update(intent=2)
        connection.close()

    scripted.answers(meanwhile(change_intent, created()))
    assert take_step().provisioned_at is None


def test_a_failure_reported_after_another_worker_succeeded_changes_nothing(offer: Offer, scripted: ScriptedAws) -> None:
    offer()
    slow = claim_next(timezone.now())
    assert slow is not None
    Source.objects.filter(pk=slow.pk).update(provisioned_at=timezone.now())
    scripted.answers(refuse("LimitExceededException"))
    advance(slow, timezone.now)
    slow.refresh_from_db()
    assert (slow.failure_code, slow.failure_final) == ("", False)


@pytest.mark.parametrize(
    "code",
    [
        "LimitExceededException",
        "OperationDisabledException",
        "AccessDeniedException",
        "ValidationException",
        "InvalidStateException",
    ],
)
def test_a_refusal_that_repetition_cannot_change_is_final_with_a_sentence(
    offer: Offer, scripted: ScriptedAws, code: str
) -> None:
    offer()
    scripted.answers(*[refuse(code, "because of that")] * 2)  # botocore repeats LimitExceeded, as if it were a throttle
    source = take_step()
    assert (source.failure_code, source.failure_final, source.due_at) == (code, True, None)
    assert shown_state(source) == "failed"
    assert source.failure_message.endswith("AWS said: because of that")
    assert len(source.failure_message) > 60
    assert not Breaker.objects.exists()


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ConcurrentModificationException", "InvalidThingNobodyKnowsException"]
)
def test_throttling_and_unknown_codes_are_retried_later_and_later_and_stay_visible(
    offer: Offer, scripted: ScriptedAws, code: str
) -> None:
    offer()
    for tries, seconds in ((1, 5), (2, 10)):
        scripted.answers(refuse(code), refuse(code))  # botocore itself repeats a throttled call once
        source = take_step()
        scripted.script.clear()
        assert (source.failure_code, source.failure_final, source.tries) == (code, False, tries)
        assert shown_state(source) == "requested"
        assert source.due_at is not None
        assert seconds * 0.8 < (source.due_at - timezone.now()).total_seconds() < seconds * 1.2
        Source.objects.update(due_at=timezone.now())


def test_an_answer_that_never_comes_leaves_the_source_due(offer: Offer, scripted: ScriptedAws) -> None:
    offer()
    scripted.answers(hang_up_after(0), hang_up_after(0))
    source = take_step()
    assert (source.failure_code, source.failure_final) == ("OutcomeUnknown", False)


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"])
def test_refused_credentials_open_the_breaker_and_are_not_the_sources_failure(
    offer: Offer, scripted: ScriptedAws, code: str
) -> None:
    offer()
    scripted.answers(refuse(code))
    source = take_step()
    assert (source.failure_code, source.tries, source.provisioned_at) == ("", 0, None)
    breaker = Breaker.objects.get()
    assert (breaker.environment_id, breaker.region, breaker.code) == (source.environment_id, "eu-west-1", code)
    assert source.due_at is not None
    assert timezone.now() < source.due_at < timezone.now() + timedelta(seconds=10)


def test_an_endpoint_that_cannot_be_reached_opens_the_breaker(
    offer: Offer, scripted: ScriptedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer()
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTS", "http://127.0.0.1:9")
    source = take_step()
    assert source.failure_code == ""
    assert Breaker.objects.get().code == "ConnectionFailed"


def test_while_a_breaker_is_open_aws_is_not_called(offer: Offer, scripted: ScriptedAws) -> None:
    made = offer()
    retry_at = timezone.now() + timedelta(minutes=2)
    open_breaker(made, "ExpiredTokenException", retry_at)
    source = take_step()
    assert scripted.calls("CreatePartnerEventSource") == []
    assert source.due_at is not None
    assert source.due_at > retry_at


def test_a_success_after_the_pause_closes_the_breaker(offer: Offer, scripted: ScriptedAws) -> None:
    open_breaker(offer(), "ExpiredTokenException", timezone.now() - timedelta(seconds=1))
    scripted.answers(created())
    assert take_step().provisioned_at is not None
    assert not Breaker.objects.exists()


def test_a_breaker_of_another_region_stops_nothing(offer: Offer, scripted: ScriptedAws) -> None:
    made = offer()
    made.region = "us-east-1"
    open_breaker(made, "ExpiredTokenException", timezone.now() + timedelta(minutes=2))
    scripted.answers(created())
    assert take_step().provisioned_at is not None
    assert Breaker.objects.exists()


def test_denied_publishing_neither_stops_provisioning_nor_is_cleared_by_it(offer: Offer, scripted: ScriptedAws) -> None:
    open_breaker(offer(), "AccessDeniedException", timezone.now() + timedelta(minutes=2))
    scripted.answers(created())
    assert take_step().provisioned_at is not None
    assert Breaker.objects.exists()


def open_breaker(source: Source, code: str, retry_at: object) -> None:
    Breaker.objects.create(
        environment=source.environment, region=source.region, opened_at=timezone.now(), retry_at=retry_at, code=code
    )
