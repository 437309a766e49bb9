"""Credentials are tried before they are saved: AWS is asked whose they are."""

from integrations.aws.identity import caller_identity
from integrations.aws.limits import LimitError
from integrations.aws.publishers import Publisher
from integrations.aws.refusal import AwsError
from integrations.registration.integrations import EnvironmentSettings


def wrong_with_credentials(wanted: EnvironmentSettings) -> str:
    """Ask AWS whose the credentials of this access are; return what is wrong with them, or nothing."""
    try:
        wanted.check()
        publisher = Publisher(wanted.publisher_account, wanted.role_arn, wanted.external_id)
        account = caller_identity(publisher, wanted.regions[0])
    except LimitError as error:
        return str(error)
    except AwsError as error:
        return f"AWS does not take these credentials. {error.sentence} AWS said: {error}"
    if account != wanted.publisher_account:
        return f"The credentials belong to {account}, not to the publisher account {wanted.publisher_account}."
    return ""
