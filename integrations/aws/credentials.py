"""How a publisher account is signed in to: boto3's default chain, or a role assumed through it."""

from functools import partial

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)

from integrations.aws.errors import WrongAccount
from integrations.aws.publishers import Publisher

SESSION_NAME = "partnerbus"


class PublisherRole(CredentialProvider):
    """Credentials of the publisher's role, assumed at first use and again well before they expire.

    botocore renews from 15 minutes before expiry in one thread while the others go on with what they have, and in the
    last 10 minutes makes all of them wait for that one: several threads assume the role once.
    """

    METHOD = CANONICAL_NAME = "partnerbus-publisher-role"

    def __init__(self, publisher: Publisher, region: str, config: Config) -> None:
        super().__init__()
        self._publisher = publisher
        self._region = region
        self._config = config

    def load(self) -> DeferredRefreshableCredentials | None:
        """Return the role's credentials, or nothing when the default chain has none to assume it with."""
        base = botocore.session.Session()
        base_credentials = base.get_credentials()
        if base_credentials is None:
            return None
        fetcher = AssumeRoleCredentialFetcher(
            partial(base.create_client, region_name=self._region, config=self._config),
            base_credentials,
            self._publisher.role_arn,
            extra_args=self._arguments(),
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

    def _arguments(self) -> dict[str, str]:
        external = {"ExternalId": self._publisher.external_id} if self._publisher.external_id else {}
        return {"RoleSessionName": SESSION_NAME, **external}


def signed_in_session(publisher: Publisher, region: str, config: Config) -> botocore.session.Session:
    """Return a botocore session whose clients act as `publisher`. Raises WrongAccount if its role is another account's.

    STS is called in `region`, whose tokens are valid in every region of the partition.
    """
    session = botocore.session.Session()
    if publisher.role_arn:
        _check_role(publisher)
        session.register_component(
            "credential_provider", CredentialResolver([PublisherRole(publisher, region, config)])
        )
    return session


def _check_role(publisher: Publisher) -> None:
    if publisher.role_arn.split(":")[4:5] != [publisher.account]:
        raise WrongAccount(
            "WrongAccount",
            f"The role {publisher.role_arn} does not belong to the publisher account {publisher.account}.",
        )
