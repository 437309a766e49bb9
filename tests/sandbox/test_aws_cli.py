"""A program that none of us wrote plays the customer, with the commands of docs/sandbox.md."""

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.sandbox.started import ALDER, NAME, PARTNER, REGION, World

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("aws") is None, reason="there is no AWS CLI on PATH"),
]


@pytest.fixture
def aws(world: World) -> Any:
    """Run the AWS CLI as an account, `aws(ALDER, "sqs", "list-queues")`, and return what it printed as JSON."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nobodys = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_PAGER": ""}

    def run(account: str, *arguments: str) -> Any:
        credentials = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "any"}
        where = ["--endpoint-url", world.sandbox.url, "--region", REGION, "--output", "json"]
        done = subprocess.run(
            ["aws", *where, *arguments],
            env={**inherited, **nobodys, **credentials},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    return run


def test_a_customer_accepts_a_source_and_receives_an_event(world: World, aws: Any) -> None:
    world.offer()
    (source,) = aws(ALDER, "events", "list-event-sources")["EventSources"]
    assert (source["Name"], source["State"]) == (NAME, "PENDING")
    inbox = aws(ALDER, "sqs", "create-queue", "--queue-name", "inbox")["QueueUrl"]
    aws(ALDER, "events", "create-event-bus", "--name", NAME, "--event-source-name", NAME)
    bus = ["--event-bus-name", NAME]
    aws(ALDER, "events", "put-rule", *bus, "--name", "all", "--event-pattern", '{"source": [{"prefix": "aws."}]}')
    target = f"Id=1,Arn=arn:aws:sqs:{REGION}:{ALDER}:inbox"
    assert aws(ALDER, "events", "put-targets", *bus, "--rule", "all", "--targets", target)["FailedEntryCount"] == 0
    world.put('{"total": 12.50}')
    (message,) = aws(ALDER, "sqs", "receive-message", "--queue-url", inbox, "--wait-time-seconds", "9")["Messages"]
    assert json.loads(message["Body"])["source"] == NAME
    assert '{"total": 12.50}' in message["Body"]


def test_a_partner_offers_a_source_and_publishes_to_it(world: World, aws: Any) -> None:
    made = aws(PARTNER, "events", "create-partner-event-source", "--name", NAME, "--account", ALDER)
    assert made["EventSourceArn"] == f"arn:aws:events:{REGION}::event-source/{NAME}"
    entry = {"Source": NAME, "DetailType": "Order Placed", "Detail": "{}"}
    assert aws(PARTNER, "events", "put-partner-events", "--entries", json.dumps([entry]))["FailedEntryCount"] == 0
    (seen,) = aws(PARTNER, "events", "list-partner-event-source-accounts", "--event-source-name", NAME)[
        "PartnerEventSourceAccounts"
    ]
    assert (seen["Account"], seen["State"]) == (ALDER, "PENDING")
    assert aws(PARTNER, "sts", "get-caller-identity")["Account"] == PARTNER
