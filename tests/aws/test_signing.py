"""Our signature is botocore's, header for header, whatever is signed."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.aws.signing import sign

TARGET = "AWSEvents.PutPartnerEvents"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAIN = ReadOnlyCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None)
OF_A_ROLE = ReadOnlyCredentials("ASIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2Vj//8=")

KEY_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+="
key_texts = st.text(KEY_CHARACTERS, min_size=1, max_size=64)
# A few that come again and again beside random ones: the keys of a day are remembered per secret and region.
secrets = st.sampled_from([PLAIN.secret_key, "secret", "Secret"]) | key_texts
tokens = st.none() | st.just("") | st.text(KEY_CHARACTERS, min_size=1, max_size=1_500)
all_credentials = st.builds(ReadOnlyCredentials, key_texts, secrets, tokens)
regions = st.sampled_from(["eu-west-1", "us-east-1", "us-gov-west-1", "cn-north-1", "ap-southeast-2"]) | st.from_regex(
    r"[a-z]{2}-[a-z]{3,9}-[0-9]", fullmatch=True
)
names = st.sampled_from(["events.eu-west-1.amazonaws.com", "localhost", "127.0.0.1", "[::1]", "vpce-1a.events.example"])
ports = st.just("") | st.integers(1_024, 65_535).map(lambda port: f":{port}")
hosts = st.builds(str.__add__, names, ports)
bodies = st.binary(max_size=2_000) | st.text(max_size=500).map(str.encode)
# Around midnight most of all: with the day the key changes.
skews = st.timedeltas(timedelta(days=-400), timedelta(days=400)) | st.sampled_from(
    [timedelta(hours=12) - timedelta(microseconds=1), timedelta(hours=12), timedelta(hours=-12)]
)
moments = skews.map(lambda skew: NOON + skew) | st.datetimes(
    datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)  # noqa: DTZ001 - hypothesis adds the zone
)  # fmt: skip
requests = given(
    credentials=all_credentials,
    region=regions,
    scheme=st.sampled_from(["http", "https"]),
    host=hosts,
    body=bodies,
    now=moments,
    target=st.just(TARGET) | st.from_regex(r"AWSEvents\.[A-Za-z]{1,40}", fullmatch=True),
)


def signed_by_botocore(
    credentials: ReadOnlyCredentials, region: str, url: str, body: bytes, now: datetime, target: str
) -> dict[str, str]:
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
    request = AWSRequest("POST", url, data=body, headers=headers)
    with patch("botocore.auth.get_current_datetime", lambda: now):
        SigV4Auth(credentials, "events", region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def check(
    credentials: ReadOnlyCredentials, region: str, scheme: str, host: str, body: bytes, now: datetime, target: str
) -> None:
    ours = sign(credentials, region, host, body, now, target)
    theirs = signed_by_botocore(credentials, region, f"{scheme}://{host}/", body, now, target)
    assert len(ours) == len({name.lower() for name, _ in ours})
    assert {name.lower(): value for name, value in ours} == theirs | {"host": host}


@settings(max_examples=1_000)
@requests
@example(PLAIN, "eu-west-1", "https", "events.eu-west-1.amazonaws.com", b'{"Entries":[]}', NOON, TARGET)
@example(OF_A_ROLE, "eu-west-1", "http", "127.0.0.1:4566", b"", NOON, TARGET)
@example(OF_A_ROLE, "us-east-1", "http", "[::1]:4566", '{"Detail":"{\\"ж\\":\\"😀\\"}"}'.encode(), NOON, TARGET)
def test_any_request_is_signed_as_botocore_signs_it(
    credentials: ReadOnlyCredentials, region: str, scheme: str, host: str, body: bytes, now: datetime, target: str
) -> None:
    check(credentials, region, scheme, host, body, now, target)


@pytest.mark.slow
@settings(max_examples=20_000)
@requests
def test_twenty_thousand_requests_are_signed_as_botocore_signs_them(
    credentials: ReadOnlyCredentials, region: str, scheme: str, host: str, body: bytes, now: datetime, target: str
) -> None:
    check(credentials, region, scheme, host, body, now, target)


def test_the_signature_changes_with_the_day_the_region_and_the_secret() -> None:
    def signature(credentials: ReadOnlyCredentials = PLAIN, region: str = "eu-west-1", now: datetime = NOON) -> str:
        signed = sign(credentials, region, "events.eu-west-1.amazonaws.com", b"{}", now, TARGET)
        return {name.lower(): value for name, value in signed}["authorization"].rpartition("=")[2]

    other_secret = ReadOnlyCredentials(PLAIN.access_key, "another", None)
    signatures = [
        signature(),
        signature(now=NOON + timedelta(days=1)),
        signature(region="eu-west-2"),
        signature(credentials=other_secret),
        signature(credentials=OF_A_ROLE),
    ]
    assert len(set(signatures)) == len(signatures)
    assert signature() == signatures[0]
