"""The supervisor as a person, a script or a killed process meets it."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from launcher.configuration import ROOT
from launcher.identity import PROC, birth_of, command_of, group_exists
from launcher.ports import LOOPBACK
from launcher.spawning import spawn
from launcher.stack import PRIVATE, Stack

STAND_INS = [sys.executable, "-m", "tests.launcher.stand_ins"]
PARTS = ["postgres", "valkey", "web", "worker"]


def eventually(what: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.05)
    return what()


def living_in(groups: list[int]) -> list[str]:
    """The command lines of processes in these groups that are not mere zombies."""
    pids = [int(path.name) for path in PROC.glob("[0-9]*")]
    return [command_of(pid) for pid in pids if birth_of(pid) and group_of(pid) in groups]


def group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def environment(data: Path, **more: str) -> dict[str, str]:
    return {**os.environ, **PRIVATE, "PARTNERBUS_DATA": str(data), **more}


def words_of_a_start(data: Path, **more: str) -> str:
    """What a supervisor says that refuses to start."""
    refused = subprocess.run(
        STAND_INS, env=environment(data, **more), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == 1, refused
    return refused.stdout


def rows(stack: Stack) -> list[int]:
    with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
        return [row[0] for row in connection.execute("select n from kept order by n")]


def insert(stack: Stack, number: int) -> None:
    with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
        connection.execute("create table if not exists kept (n int)")
        connection.execute("insert into kept values (%s)", [number])


def test_it_starts_everything_keeps_the_data_over_a_restart_and_stops_everything(stack: Stack) -> None:
    stack.start()
    assert set(stack.status["pids"]) == {*PARTS, "undertaker"}
    insert(stack, 1)
    groups = list(stack.status["pids"].values())
    assert stack.stop() == 0
    assert not living_in(groups)
    assert not stack.data.status.exists()
    stack.start()
    assert rows(stack) == [1]
    assert "left over" not in stack.output


def test_whatever_is_killed_is_started_again_and_committed_rows_survive(stack: Stack) -> None:
    stack.start()
    insert(stack, 1)
    before = stack.status["pids"]
    for part in [*PARTS, "undertaker"]:
        stack.kill(part)
    stack.wait_until_ready()
    assert set(before.values()).isdisjoint(stack.status["pids"].values())
    assert "postgres ended (killed by SIGKILL); starting it again in 0.5 s" in stack.output
    assert rows(stack) == [1]


def test_a_killed_worker_takes_its_stubborn_children_with_it(stack: Stack) -> None:
    stack.start()
    worker = stack.status["pids"]["worker"]
    assert len(living_in([worker])) == 3
    stack.kill("worker")
    assert eventually(lambda: not living_in([worker]))


def test_a_killed_supervisor_leaves_nobody_behind_and_the_next_start_is_clean(stack: Stack) -> None:
    stack.start()
    insert(stack, 1)
    groups = list(stack.status["pids"].values())
    stack.kill_supervisor()
    assert eventually(lambda: not living_in(groups)), living_in(groups)
    stack.start()
    assert rows(stack) == [1]


def wait_until_stopped(*pids: int) -> None:
    """A process that is running takes SIGSTOP when it is next looked at, which on a busy machine is not at once."""
    deadline = time.monotonic() + 10
    while any("\nState:\tT" not in Path(f"/proc/{pid}/status").read_text() for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_outlived_both_supervisor_and_undertaker_is_ended_by_the_next_start(stack: Stack) -> None:
    stack.start()
    pids = stack.status["pids"]
    # Stopped processes do not act on the death signal, as processes of a macOS would not.
    os.kill(pids["undertaker"], signal.SIGSTOP)
    os.killpg(pids["worker"], signal.SIGSTOP)
    wait_until_stopped(pids["undertaker"], pids["worker"])
    stack.kill_supervisor()
    assert living_in([pids["worker"]])
    stack.start()
    assert "Ended worker, left over" in stack.output
    assert not living_in([pids["worker"], pids["undertaker"]])


def test_a_second_start_on_the_same_data_says_who_holds_it(stack: Stack) -> None:
    stack.start()
    refusal = words_of_a_start(stack.data.path)
    assert f"already runs on {stack.data.path}" in refusal
    assert f"process {stack.status['supervisor']} (" in refusal
    assert stack.is_ready()


def test_a_taken_port_is_named_with_its_variable_and_its_holder(place: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as holder:
        port = holder.getsockname()[1]
        refusal = words_of_a_start(place / "data", PORT=str(port))
    assert f"Port {port} is taken by process {os.getpid()} (" in refusal
    assert f"PORT={port + 1} make run" in refusal


def test_a_part_that_ends_at_once_is_shown_with_the_end_of_its_log(place: Path) -> None:
    refusal = words_of_a_start(place / "data", WORKER="raise SystemExit('the broker speaks another language')")
    assert "worker ended at once (exit code 1)" in refusal
    assert "the broker speaks another language" in refusal
    assert not list((place / "data/pids").glob("*.json"))
    again = words_of_a_start(place / "data", WORKER="raise SystemExit('it is gone')")
    assert "it is gone" in again
    assert "the broker speaks another language" not in again


def test_a_data_directory_that_cannot_be_made_is_named(place: Path) -> None:
    (place / "data").write_text("a file where the directory should be")
    assert str(place / "data") in words_of_a_start(place / "data")


def test_an_address_where_nobody_listens_is_refused_before_anything_is_made(place: Path) -> None:
    assert "DATABASE_URL points to 127.0.0.1:1" in words_of_a_start(
        place / "data", DATABASE_URL="postgres://127.0.0.1:1/x"
    )
    assert not (place / "data").exists()


def test_a_directory_with_files_of_somebody_else_is_left_alone(place: Path) -> None:
    (place / "mine.txt").write_text("x")
    assert "mine.txt" in words_of_a_start(place)
    assert [path.name for path in place.iterdir()] == ["mine.txt"]


def test_it_says_what_other_terminals_need_and_which_aws_it_uses(stack: Stack) -> None:
    stack.start()
    assert eventually(lambda: f"export PARTNERBUS_DATA={stack.data.path}" in stack.output)
    assert "real AWS (PARTNERBUS_SANDBOX=0)" in stack.output


def test_nothing_of_a_stopped_stack_is_left_by_its_removal(stack: Stack) -> None:
    stack.start()
    stack.stop()
    assert stack.data.remove() == []
    assert not stack.data.path.exists()


def test_the_umask_of_a_process_is_its_own(place: Path) -> None:
    made = place / "made"
    code = f"import pathlib; pathlib.Path({str(made)!r}).touch()"
    spawn([sys.executable, "-c", code], environment={}, directory=place, output=subprocess.DEVNULL, umask=0o077).wait()
    assert made.stat().st_mode & 0o777 == 0o600


def test_a_reader_that_goes_away_does_not_end_it(place: Path) -> None:
    stack = Stack(place / "data", {}, STAND_INS)
    reading, writing = os.pipe()
    os.close(reading)
    supervisor = subprocess.Popen(STAND_INS, env=environment(place / "data"), cwd=ROOT, stdout=writing, stderr=writing)
    os.close(writing)
    try:
        assert eventually(stack.is_ready, 30)
        stack.kill("web")
        assert eventually(stack.is_ready, 30)
    finally:
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(30) == 0


def test_a_stop_during_the_start_ends_what_was_already_started(place: Path) -> None:
    supervisor = subprocess.Popen(
        STAND_INS,
        env=environment(place / "data", WORKER="import time; time.sleep(600)"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    assert eventually((place / "data/pids/worker.json").exists, 30)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(30) == 0
    assert not list((place / "data/pids").glob("*.json"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has an account to drop")
def test_root_leaves_the_servers_to_nobody_and_its_home_as_it_was(stack: Stack) -> None:
    home = Path("~root").expanduser()
    before = home.stat().st_mode
    stack.start()
    assert {(stack.data.path / part).owner() for part in ("postgres/cluster", "valkey/data")} == {"nobody"}
    assert {(PROC / str(stack.status["pids"][part])).owner() for part in ("postgres", "valkey")} == {"nobody"}
    assert stack.data.path.owner() == "root"
    assert home.stat().st_mode == before


@pytest.mark.slow
def test_twenty_random_deaths_in_a_row_lose_no_row_and_leave_no_process(stack: Stack) -> None:
    chance = random.Random(20)
    stack.start()
    groups = set(stack.status["pids"].values())
    for number in range(20):
        insert(stack, number)
        if chance.random() < 0.3:
            stack.kill_supervisor()
            stack.start()
        else:
            stack.kill(chance.choice([*PARTS, "undertaker"]))
            stack.wait_until_ready(90)
        groups |= set(stack.status["pids"].values())
    assert rows(stack) == list(range(20))
    stack.stop()
    assert not [group for group in groups if group_exists(group) and living_in([group])]
