from datetime import UTC, datetime

import pytest

from integrations.aws import errors, partner_sources
from integrations.aws.names import InvalidAccount, InvalidName, InvalidRegion
from integrations.aws.partner_sources import SourceAccount, SourceDescription
from integrations.aws.publishers import Publisher
from tests.aws.scripted_aws import Script, ScriptedAws, answer, hang_up_after, refuse

REGION = "eu-west-1"
NAME = "aws.partner/example.com/alder-iqzbjr77/events"
ARN = f"arn:aws:events:eu-west-1::event-source/{NAME}"
TENANT = "222222222222"


def test_create_returns_the_arn(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(answer({"EventSourceArn": ARN}))
    assert partner_sources.create(publisher, REGION, NAME, TENANT) == ARN
    assert aws.calls("CreatePartnerEventSource")[0].headers["User-Agent"].count("partnerbus/") == 1


def test_a_name_that_is_taken_is_an_error_and_not_a_success(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(refuse("ResourceAlreadyExistsException"))
    with pytest.raises(errors.ResourceAlreadyExists):
        partner_sources.create(publisher, REGION, NAME, TENANT)


def test_describe_returns_the_source_and_not_found_is_its_own_error(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(answer({"Arn": ARN, "Name": NAME}), refuse("ResourceNotFoundException"))
    assert partner_sources.describe(publisher, REGION, NAME) == SourceDescription(ARN, NAME)
    with pytest.raises(errors.SourceNotFound):
        partner_sources.describe(publisher, REGION, NAME)


def test_deleting_twice_succeeds_twice_and_other_refusals_do_not_pass(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(answer({}), refuse("ResourceNotFoundException"), refuse("OperationDisabledException"))
    partner_sources.delete(publisher, REGION, NAME, TENANT)
    partner_sources.delete(publisher, REGION, NAME, TENANT)
    with pytest.raises(errors.OperationDisabled):
        partner_sources.delete(publisher, REGION, NAME, TENANT)


def test_accounts_come_with_aws_word_and_moments_in_utc(aws: ScriptedAws, publisher: Publisher) -> None:
    row = {"Account": TENANT, "State": "PENDING", "CreationTime": 1_700_000_000, "ExpirationTime": 1_700_604_800.5}
    later = {"Account": "333333333333", "State": "ACTIVE", "CreationTime": 1_700_000_000}
    aws.answers(answer({"PartnerEventSourceAccounts": [row, later]}))
    created = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert partner_sources.accounts_of(publisher, REGION, NAME) == [
        SourceAccount(TENANT, "PENDING", created, datetime(2023, 11, 21, 22, 13, 20, 500_000, tzinfo=UTC)),
        SourceAccount("333333333333", "ACTIVE", created, None),
    ]


def test_a_state_that_aws_invents_later_is_passed_on(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(answer({"PartnerEventSourceAccounts": [{"Account": TENANT, "State": "HIBERNATING"}]}))
    assert partner_sources.accounts_of(publisher, REGION, NAME)[0].state == "HIBERNATING"


def test_no_account_and_no_source_are_told_apart(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(answer({"PartnerEventSourceAccounts": []}), answer({}), refuse("ResourceNotFoundException"))
    assert partner_sources.accounts_of(publisher, REGION, NAME) == []
    assert partner_sources.accounts_of(publisher, REGION, NAME) == []
    with pytest.raises(errors.SourceNotFound):
        partner_sources.accounts_of(publisher, REGION, NAME)


def page(letter: str, token: str = "") -> Script:
    row = {"Arn": ARN + letter, "Name": NAME + letter}
    return answer({"PartnerEventSources": [row]} | ({"NextToken": token} if token else {}))


def test_every_page_is_read_with_the_token_of_the_one_before(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(page("a", "t1"), answer({"PartnerEventSources": [], "NextToken": "t2"}), page("b"))
    found = partner_sources.list_sources(publisher, REGION, "aws.partner/example.com/")
    assert [source.name for source in found] == [NAME + "a", NAME + "b"]
    bodies = [request.body for request in aws.calls("ListPartnerEventSources")]
    assert b"NextToken" not in bodies[0]
    assert b'"NextToken": "t1"' in bodies[1]
    assert b'"NextToken": "t2"' in bodies[2]


def test_pages_of_accounts_are_read_too(aws: ScriptedAws, publisher: Publisher) -> None:
    rows = [{"Account": str(digit) * 12, "State": "PENDING"} for digit in (2, 3)]
    aws.answers(
        answer({"PartnerEventSourceAccounts": rows[:1], "NextToken": "t"}),
        answer({"PartnerEventSourceAccounts": rows[1:]}),
    )
    accounts = partner_sources.accounts_of(publisher, REGION, NAME)
    assert [row.account for row in accounts] == ["222222222222", "333333333333"]


def test_pages_that_lead_in_a_circle_are_an_error_and_not_a_loop(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(page("a", "t1"), page("b", "t2"), page("c", "t1"))
    with pytest.raises(errors.InconsistentReply, match="earlier page"):
        list(partner_sources.list_sources(publisher, REGION, "aws.partner/example.com/"))


@pytest.mark.parametrize("reply", [answer({}), answer({"EventSourceArn": ""}), answer(b"<html>"), answer(b"")])
def test_a_success_without_an_arn_is_no_success(aws: ScriptedAws, publisher: Publisher, reply: Script) -> None:
    aws.answers(reply)
    with pytest.raises(errors.InconsistentReply):
        partner_sources.create(publisher, REGION, NAME, TENANT)


def test_a_row_without_its_name_is_an_error(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(answer({"PartnerEventSources": [{"Arn": ARN}]}))
    with pytest.raises(errors.InconsistentReply, match="no Name"):
        list(partner_sources.list_sources(publisher, REGION, "aws.partner/example.com/"))


@pytest.mark.parametrize("reply", [answer(b"<html>", 500), refuse("InternalException", status=500), hang_up_after(0)])
def test_a_passing_fault_is_tried_once_more_by_itself(aws: ScriptedAws, publisher: Publisher, reply: Script) -> None:
    aws.answers(reply, answer({"EventSourceArn": ARN}))
    assert partner_sources.create(publisher, REGION, NAME, TENANT) == ARN
    assert len(aws.calls("CreatePartnerEventSource")) == 2


def test_a_lasting_fault_keeps_its_code_and_status(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(*[answer(b"<html>", 502)] * 2, *[refuse("ThrottlingException")] * 2, *[hang_up_after(0)] * 2)
    with pytest.raises(errors.UnknownError) as unknown:
        partner_sources.create(publisher, REGION, NAME, TENANT)
    assert (unknown.value.code, unknown.value.http_status) == ("HTTP 502", 502)
    with pytest.raises(errors.Throttled) as throttled:
        partner_sources.create(publisher, REGION, NAME, TENANT)
    assert (throttled.value.code, throttled.value.request_id) == ("ThrottlingException", "req-1")
    with pytest.raises(errors.OutcomeUnknown):
        partner_sources.create(publisher, REGION, NAME, TENANT)


def test_what_aws_would_refuse_never_leaves(aws: ScriptedAws, publisher: Publisher) -> None:
    with pytest.raises(InvalidName):
        partner_sources.create(publisher, REGION, "aws.partner/example.com", TENANT)
    with pytest.raises(InvalidAccount):
        partner_sources.create(publisher, REGION, NAME, "22222222222")
    with pytest.raises(InvalidRegion):
        partner_sources.create(publisher, "eu-west-99", NAME, TENANT)
    with pytest.raises(InvalidName):
        partner_sources.list_sources(publisher, REGION, "aws.partner/example.com")
    assert aws.requests == []


def test_nothing_is_created_with_the_credentials_of_another_account(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.account = "999999999999"
    with pytest.raises(errors.WrongAccount, match="999999999999"):
        partner_sources.create(publisher, REGION, NAME, TENANT)
    assert aws.calls("CreatePartnerEventSource") == []


def test_an_identity_that_cannot_be_learned_says_nothing_about_the_source(
    aws: ScriptedAws, publisher: Publisher
) -> None:
    aws.sts_script.extend([hang_up_after(0)] * 2)
    with pytest.raises(errors.NetworkError):
        partner_sources.create(publisher, REGION, NAME, TENANT)
    aws.answers(answer({"EventSourceArn": ARN}))
    assert partner_sources.create(publisher, REGION, NAME, TENANT) == ARN


def test_the_account_is_asked_for_once(aws: ScriptedAws, publisher: Publisher) -> None:
    aws.answers(*[answer({"Arn": ARN, "Name": NAME})] * 3)
    for _ in range(3):
        partner_sources.describe(publisher, REGION, NAME)
    assert len(aws.calls("GetCallerIdentity")) == 1
