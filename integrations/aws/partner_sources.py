"""The partner's own calls about its event sources: create, describe, delete, list."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from integrations.aws.errors import InconsistentReply, SourceNotFound
from integrations.aws.identity import verify_identity
from integrations.aws.names import check_account, check_name, check_prefix, check_region
from integrations.aws.publishers import Publisher
from integrations.aws.transactions import refuse_inside_transaction
from integrations.aws.translation import translating

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """A source as its partner sees it, which is without a state."""

    arn: str
    name: str


@dataclass(frozen=True, slots=True)
class SourceAccount:
    """The account that a source is offered to; `state` is AWS's word PENDING, ACTIVE or DELETED, moments are in UTC."""

    account: str
    state: str
    created_at: datetime | None
    expires_at: datetime | None


def create(publisher: Publisher, region: str, name: str, account: str) -> str:
    """Offer the source `name` to `account` and return its ARN.

    Raises ResourceAlreadyExists when the name is taken, which says nothing about the account it was offered to: ask
    `accounts_of` before adopting it. Also AwsError, LimitError. Source: CreatePartnerEventSource.
    """
    check_name(name)
    check_account(account)
    with _calling(publisher, region, "CreatePartnerEventSource") as events:
        reply = events.create_partner_event_source(Name=name, Account=account)
    return _required(reply, "EventSourceArn", "CreatePartnerEventSource")


def describe(publisher: Publisher, region: str, name: str) -> SourceDescription:
    """Return the source of exactly this name. Raises SourceNotFound, AwsError, LimitError."""
    check_name(name)
    with _calling(publisher, region, "DescribePartnerEventSource") as events:
        reply = events.describe_partner_event_source(Name=name)
    return _description(reply, "DescribePartnerEventSource")


def delete(publisher: Publisher, region: str, name: str, account: str) -> None:
    """Withdraw the source from `account`; one that is gone already counts as withdrawn. Raises AwsError, LimitError."""
    check_name(name)
    check_account(account)
    try:
        with _calling(publisher, region, "DeletePartnerEventSource") as events:
            events.delete_partner_event_source(Name=name, Account=account)
    except SourceNotFound:
        return


def accounts_of(publisher: Publisher, region: str, name: str) -> list[SourceAccount]:
    """Return the accounts that the source is offered to: the only way to learn its state.

    An empty list means that AWS knows the name but no account; SourceNotFound that it does not know the name.
    Raises AwsError, LimitError. Source: ListPartnerEventSourceAccounts, for which botocore has no paginator.
    """
    check_name(name)
    operation = "ListPartnerEventSourceAccounts"

    def fetch(token: dict[str, str]) -> Mapping[str, Any]:
        with _calling(publisher, region, operation) as events:
            return events.list_partner_event_source_accounts(EventSourceName=name, Limit=PAGE_SIZE, **token)

    pages = _pages(fetch, operation)
    return [_account(row, operation) for page in pages for row in page.get("PartnerEventSourceAccounts", [])]


def witness(publisher: Publisher, region: str, name: str, account: str) -> tuple[str, str]:
    """Return AWS's word for the source's state on `account`, empty if there is none, and the id of that request.

    For evidence; `accounts_of` is the way to learn the state. Raises AwsError, LimitError.
    """
    check_name(name)
    try:
        with _calling(publisher, region, "ListPartnerEventSourceAccounts") as events:
            reply = events.list_partner_event_source_accounts(EventSourceName=name, Limit=PAGE_SIZE)
    except SourceNotFound as missing:
        return "", missing.request_id
    states = {row.get("Account"): str(row.get("State", "")) for row in reply.get("PartnerEventSourceAccounts", [])}
    return states.get(account, ""), str(reply["ResponseMetadata"]["RequestId"])


def list_sources(publisher: Publisher, region: str, prefix: str) -> Iterator[SourceDescription]:
    """Yield the publisher's sources whose names begin with `prefix`, page by page.

    `.../ab` also yields `.../abc`: compare names before acting on one. Raises AwsError, LimitError.
    Source: ListPartnerEventSources.
    """
    check_prefix(prefix)
    check_region(region)
    operation = "ListPartnerEventSources"

    def fetch(token: dict[str, str]) -> Mapping[str, Any]:
        with _calling(publisher, region, operation) as events:
            return events.list_partner_event_sources(NamePrefix=prefix, Limit=PAGE_SIZE, **token)

    pages = _pages(fetch, operation)
    return (_description(row, operation) for page in pages for row in page.get("PartnerEventSources", []))


def list_page(publisher: Publisher, region: str, prefix: str, token: str) -> tuple[list[SourceDescription], str]:
    """Return one page of what `list_sources` yields, and the token of the next one, empty after the last.

    For callers that go on later or elsewhere. Raises AwsError, LimitError.
    """
    check_prefix(prefix)
    check_region(region)
    operation = "ListPartnerEventSources"
    more = {"NextToken": token} if token else {}
    with _calling(publisher, region, operation) as events:
        page = events.list_partner_event_sources(NamePrefix=prefix, Limit=PAGE_SIZE, **more)
    following = page.get("NextToken") or ""
    if following and following == token:
        raise InconsistentReply("InconsistentReply", "A page leads back to itself.", operation=operation)
    return [_description(row, operation) for row in page.get("PartnerEventSources", [])], following


@contextmanager
def _calling(publisher: Publisher, region: str, operation: str) -> Iterator["EventBridgeClient"]:
    refuse_inside_transaction(operation)
    connection = verify_identity(publisher, region)
    with translating(operation):
        yield connection.events


def _pages(fetch: Callable[[dict[str, str]], Mapping[str, Any]], operation: str) -> Iterator[Mapping[str, Any]]:
    seen: set[str] = set()
    token = ""
    while True:
        page = fetch({"NextToken": token} if token else {})
        yield page
        token = page.get("NextToken") or ""
        if not token:
            return
        if token in seen:
            raise InconsistentReply("InconsistentReply", "A page leads back to an earlier page.", operation=operation)
        seen.add(token)


def _description(row: Mapping[str, Any], operation: str) -> SourceDescription:
    return SourceDescription(arn=_required(row, "Arn", operation), name=_required(row, "Name", operation))


def _account(row: Mapping[str, Any], operation: str) -> SourceAccount:
    return SourceAccount(
        account=_required(row, "Account", operation),
        state=_required(row, "State", operation),
        created_at=_moment(row.get("CreationTime")),
        expires_at=_moment(row.get("ExpirationTime")),
    )


def _required(row: Mapping[str, Any], key: str, operation: str) -> str:
    value = row.get(key)
    if not value:
        raise InconsistentReply("InconsistentReply", f"The answer has no {key}.", operation=operation)
    return str(value)


def _moment(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
