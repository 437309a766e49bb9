from collections.abc import Iterator

import pytest

from integrations.aws.connections import forget_connections
from integrations.aws.publishers import Publisher
from tests.aws.scripted_aws import ScriptedAws

FROM_OUTSIDE = (
    "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EVENTBRIDGE", "HTTP_PROXY", "HTTPS_PROXY",
)  # fmt: skip


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAws]:
    """The scripted endpoint in place of `events` and `sts`, reached with the default credentials of 111111111111."""
    server = ScriptedAws()
    for name in (*FROM_OUTSIDE, *map(str.lower, FROM_OUTSIDE)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTS", server.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "plain-secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    forget_connections()
    yield server
    forget_connections()
    server.close()


@pytest.fixture
def publisher() -> Publisher:
    return Publisher("111111111111")


@pytest.fixture
def role() -> Publisher:
    return Publisher("111111111111", "arn:aws:iam::111111111111:role/partnerbus", "shared-word")
