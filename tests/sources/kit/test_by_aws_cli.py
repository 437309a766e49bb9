"""The AWS CLI, which none of us wrote, runs the kit's scripts as they are, in a shell, against the simulator."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

from integrations.sources.kit.contents import kit_of
from integrations.sources.kit.place import Place
from tests.sandbox.started import ALDER, NAME, REGION, World

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("aws") is None, reason="there is no AWS CLI on PATH"),
]
Run = Callable[[str], str]
# Not every service of every CLI reads AWS_ENDPOINT_URL.
TO_THE_SIMULATOR = 'aws() { command aws --endpoint-url "$SIMULATOR" "$@"; }\n'


@pytest.fixture
def run(aws: World) -> Run:
    """Run a script as Alder's admin and return what it printed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    admins = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
        "AWS_ACCESS_KEY_ID": ALDER,
        "AWS_SECRET_ACCESS_KEY": "any",
        "SIMULATOR": aws.sandbox.url,
    }

    def run_script(script: str) -> str:
        done = subprocess.run(
            ["sh", "-e"],
            input=TO_THE_SIMULATOR + script,
            env=inherited | admins,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_script


def text(key: str, *, is_detached: bool = False) -> str:
    found = kit_of(Place(NAME, ALDER, REGION, is_detached)).text(key)
    assert found
    return found.content


def test_the_script_accepts_the_source_and_an_event_arrives_in_its_queue(aws: World, run: Run) -> None:
    aws.offer()
    assert run(text("cli")).endswith("ACTIVE\n")
    aws.put('{"total": 12.50}')
    queues = aws.sandbox.client("sqs", ALDER)
    url = queues.list_queues(QueueNamePrefix=Place(NAME, ALDER, REGION).stem)["QueueUrls"][0]
    (message,) = queues.receive_message(QueueUrl=url, WaitTimeSeconds=9)["Messages"]
    assert json.loads(message["Body"])["detail"] == {"total": 12.5}


def test_the_script_takes_up_a_source_that_was_deactivated(aws: World, run: Run) -> None:
    aws.offer()
    run(text("cli"))
    aws.sandbox.client("events", ALDER).deactivate_event_source(Name=NAME)
    assert run(text("activate", is_detached=True)).endswith("ACTIVE\n")
