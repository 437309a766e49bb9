"""What a restart and a kill -9 leave behind."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from tests.sandbox.started import NAME, ROOT, Inbox, Sandbox, World

Start = Callable[[], Sandbox]


def same_queue(world: World) -> Inbox:
    return world.queue()


def test_a_restart_keeps_everything(start: Start) -> None:
    world = World(start())
    inbox = world.connected()
    world.put('{"n":1.10}')
    world.settings(max_rules_per_bus=7)
    world.faults(entry_failure_every=100)
    before = world.sandbox.private("GET", "state")
    world.sandbox.stop()
    world = World(start())
    after = world.sandbox.private("GET", "state")
    for kind in ("publishers", "sources", "buses", "rules", "queues", "faults", "settings"):
        assert after[kind] == before[kind], kind
    (body,) = same_queue(world).bodies()
    assert body.endswith('"detail":{"n":1.10}}')
    assert inbox.arn == same_queue(world).arn


def test_every_answered_call_survives_a_kill(start: Start) -> None:
    world = World(start())
    world.connected()
    world.put('{"n": 1}', '{"n": 2}')
    world.alder.deactivate_event_source(Name=NAME)
    world.sandbox.kill()
    world = World(start())
    assert world.state() == "PENDING"
    world.alder.activate_event_source(Name=NAME)
    assert world.put('{"n": 3}')["FailedEntryCount"] == 0
    assert [event["detail"]["n"] for event in same_queue(world).events()] == [1, 2, 3]


def test_a_kill_in_the_middle_of_publishing_loses_nothing_that_was_accepted(start: Start) -> None:
    world = World(start())
    world.connected()
    accepted: list[str] = []
    halfway = threading.Event()

    def publish() -> None:
        try:
            while True:
                accepted.extend(entry["EventId"] for entry in world.put(*['{"n": 1}'] * 20)["Entries"])
                if len(accepted) >= 400:
                    halfway.set()
        except BotoCoreError:
            pass  # the simulator is dead

    publisher = threading.Thread(target=publish)
    publisher.start()
    assert halfway.wait(30)
    world.sandbox.kill()
    publisher.join()
    delivered = [event["id"] for event in same_queue(World(start())).events()]
    assert set(accepted) <= set(delivered)
    assert len(delivered) == len(set(delivered))


def test_messages_in_flight_and_deleted_ones_stay_so_over_a_kill(start: Start) -> None:
    world = World(start())
    inbox = world.connected()
    world.put('{"n": 1}', '{"n": 2}', '{"n": 3}')
    first, second = inbox.sqs.receive_message(QueueUrl=inbox.url, MaxNumberOfMessages=2)["Messages"]
    inbox.sqs.delete_message(QueueUrl=inbox.url, ReceiptHandle=first["ReceiptHandle"])
    world.sandbox.kill()
    inbox = same_queue(World(start()))
    assert [event["detail"]["n"] for event in inbox.events()] == [3]
    inbox.sqs.change_message_visibility(QueueUrl=inbox.url, ReceiptHandle=second["ReceiptHandle"], VisibilityTimeout=0)
    assert [event["detail"]["n"] for event in inbox.events()] == [2]


def test_keys_of_an_assumed_role_outlive_a_restart(start: Start) -> None:
    sandbox = start()
    sts = sandbox.client("sts", "222222222222")
    role = "arn:aws:iam::111111111111:role/publisher"
    keys = sts.assume_role(RoleArn=role, RoleSessionName="worker")["Credentials"]
    sandbox.kill()
    again = start().client("sts", keys["AccessKeyId"], token=keys["SessionToken"])
    assert again.get_caller_identity()["Account"] == "111111111111"


def test_what_became_due_while_it_was_down_has_expired(start: Start) -> None:
    world = World(start())
    world.settings(pending_lifetime=0.2)
    world.offer()
    world.sandbox.kill()
    assert World(start()).state() == "none"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "integrations.sandbox", "--port", "0", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)


def test_a_second_simulator_on_the_same_state_file_refuses_to_start(start: Start, tmp_path: Path) -> None:
    start()
    second = run("--state", str(tmp_path / "data" / "state.sqlite"))
    assert second.returncode == 1
    assert "Another sandbox is using the state file" in second.stderr


@pytest.mark.parametrize("content", ["{}", "not a database " * 100])
def test_a_file_that_is_no_state_file_is_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "state"
    path.write_text(content)
    refused = run("--state", str(path))
    assert (refused.returncode, path.read_text()) == (1, content)
    assert "move it away or name another SANDBOX_STATE" in refused.stderr


def test_a_port_that_is_taken_is_named(start: Start) -> None:
    port = start().url.rsplit(":", 1)[1]
    refused = run("--port", port)
    assert refused.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in refused.stderr
