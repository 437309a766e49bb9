"""Which AWS account a publisher's credentials belong to."""

from integrations.aws.connections import Connection, connect
from integrations.aws.errors import InconsistentReply, WrongAccount
from integrations.aws.publishers import Publisher
from integrations.aws.transactions import refuse_inside_transaction
from integrations.aws.translation import signing_in, translating

OPERATION = "GetCallerIdentity"


def caller_identity(publisher: Publisher, region: str = "us-east-1") -> str:
    """Return the account id, 12 digits, that AWS sees when `publisher` calls; `region` chooses the partition.

    Raises AwsError, InvalidRegion.
    """
    refuse_inside_transaction(OPERATION)
    connection = _signed_in(publisher, region)
    with translating(OPERATION):
        account = connection.sts.get_caller_identity().get("Account")
    if not account:
        raise InconsistentReply("InconsistentReply", "The answer names no account.", operation=OPERATION)
    return account


def verify_identity(publisher: Publisher, region: str) -> Connection:
    """Return the connection after its first use has proven that it acts as the publisher account.

    One call to STS per process, publisher and region. Raises WrongAccount when it is another account.
    """
    connection = _signed_in(publisher, region)
    if not connection.verified:
        with signing_in():
            account = caller_identity(publisher, region)
        if account != publisher.account:
            raise WrongAccount(
                "WrongAccount",
                f"The credentials belong to {account}, the registered publisher account is {publisher.account}.",
                operation=OPERATION,
            )
        connection.verified = True
    return connection


def _signed_in(publisher: Publisher, region: str) -> Connection:
    # Renewed here and not inside the call: a role that cannot be assumed is not the call's own failure.
    with signing_in():
        connection = connect(publisher, region)
        connection.current_credentials()
    return connection
