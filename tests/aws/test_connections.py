import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest

from integrations.aws.connections import connect, forget_connections, user_agent
from integrations.aws.publishers import Publisher
from integrations.aws.publishing import Accepted
from tests.aws.calling import put_partner_events
from tests.aws.scripted_aws import ScriptedAws, answer

ENTRY = b'{"Source":"aws.partner/example.com/x/y","DetailType":"t","Detail":"{}"}'


def test_threads_share_one_connection_per_publisher_and_region(aws: ScriptedAws, publisher: Publisher) -> None:
    with ThreadPoolExecutor(8) as threads:
        connections = set(threads.map(lambda _: connect(publisher, "eu-west-1"), range(8)))
    assert len(connections) == 1
    assert connect(Publisher("111111111111"), "eu-west-1") in connections
    assert connect(publisher, "eu-central-1") not in connections
    assert connect(Publisher("333333333333"), "eu-west-1") not in connections


def test_the_endpoint_follows_the_environment(
    aws: ScriptedAws, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connect(publisher, "eu-west-1").events.meta.endpoint_url == aws.url
    monkeypatch.delenv("AWS_ENDPOINT_URL_EVENTS")
    assert connect(publisher, "eu-west-1").events.meta.endpoint_url == "https://events.eu-west-1.amazonaws.com"
    assert connect(publisher, "cn-north-1").events.meta.endpoint_url == "https://events.cn-north-1.amazonaws.com.cn"


def test_plain_boto3_takes_no_notice_of_our_endpoint_variable(aws: ScriptedAws) -> None:
    client = boto3.session.Session().client("events", region_name="eu-west-1")
    assert client.meta.endpoint_url == "https://events.eu-west-1.amazonaws.com"


def test_boto3s_own_endpoint_variable_works_too(
    aws: ScriptedAws, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_EVENTS")
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://127.0.0.1:9/")
    assert connect(publisher, "eu-west-1").events.meta.endpoint_url == "http://127.0.0.1:9/"


def test_a_forked_child_opens_a_connection_of_its_own(aws: ScriptedAws, publisher: Publisher, tmp_path: Path) -> None:
    accepted = answer({"FailedEntryCount": 0, "Entries": [{"EventId": "a"}]})
    aws.answers(*[accepted] * 3)
    put_partner_events(publisher, "eu-west-1", [ENTRY], timeout=5)
    before = connect(publisher, "eu-west-1")
    child = os.fork()
    if child == 0:
        outcomes = put_partner_events(publisher, "eu-west-1", [ENTRY], timeout=5).outcomes
        own = connect(publisher, "eu-west-1") is not before and outcomes == [Accepted("a")]
        os._exit(0 if own else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert connect(publisher, "eu-west-1") is before
    assert put_partner_events(publisher, "eu-west-1", [ENTRY], timeout=5).outcomes == [Accepted("a")]


def test_forgetting_makes_new_credentials_count(
    aws: ScriptedAws, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = connect(publisher, "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANEW")
    forget_connections()
    after = connect(publisher, "eu-west-1")
    assert before is not after
    assert after.credentials is not None
    assert after.credentials.access_key == "AKIANEW"


def test_the_user_agent_names_product_and_version() -> None:
    assert re.fullmatch(r"partnerbus/\d+\.\d+\.\d+\S*", user_agent())
