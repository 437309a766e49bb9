"""The cluster in its directory: made whole or not at all, and never touched by the wrong server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from launcher import LaunchError, accounts, binaries, embedded
from launcher.configuration import ROOT
from launcher.directory import DataDirectory
from launcher.ports import free_port
from launcher.postgres import FOR_A_QUEUE, FOR_TESTS, Postgres
from launcher.spawning import spawn
from launcher.supervisor import Supervisor


@pytest.fixture
def supervisor(place: Path) -> Iterator[Supervisor]:
    data = DataDirectory(place / "data")
    data.make(accounts.for_servers(), ROOT)
    supervisor = Supervisor(data, say=print)
    yield supervisor
    supervisor.stop()


def cluster(place: Path, settings: dict[str, str] = FOR_TESTS) -> Postgres:
    account = accounts.for_servers()
    return Postgres(place / "data/postgres", binaries.postgres(account), account, free_port(), settings)


def test_it_sorts_alike_everywhere_and_is_set_up_for_a_queue(supervisor: Supervisor, place: Path) -> None:
    postgres = cluster(place, FOR_A_QUEUE)
    postgres.create()
    supervisor.start(postgres.process)
    with psycopg.connect(postgres.url) as connection:
        question = "select datlocprovider, datlocale from pg_database where datname = current_database()"
        assert connection.execute(question).fetchone() == ("b", "C.UTF-8")
        assert connection.execute("show autovacuum_naptime").fetchone() == ("5s",)
        assert connection.execute("show idle_in_transaction_session_timeout").fetchone() == ("1min",)
        assert connection.execute("show fsync").fetchone() == ("on",)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.url.replace(":", ":not-", 2).replace("not-//", "//"))


def test_a_creation_that_was_killed_halfway_is_done_again(supervisor: Supervisor, place: Path) -> None:
    postgres = cluster(place)
    (postgres.directory / "cluster.new/base").mkdir(parents=True)
    (postgres.directory / "cluster.new/PG_VERSION").write_text("18\n")
    postgres.create()
    supervisor.start(postgres.process)
    assert postgres.answers()


def test_data_of_another_major_version_is_refused_with_the_commands_that_move_it(
    supervisor: Supervisor, place: Path
) -> None:
    postgres = cluster(place)
    postgres.create()
    (postgres.cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(LaunchError, match=r"written by PostgreSQL 17; .* brings 18(.|\n)*pg_dump(.|\n)*pg_restore"):
        postgres.create()


def test_a_server_left_over_on_the_cluster_is_stopped_first(supervisor: Supervisor, place: Path) -> None:
    postgres = cluster(place)
    postgres.create()
    process = postgres.process
    left_over = spawn(
        process.command,
        environment=process.environment,
        directory=process.directory,
        output=subprocess.DEVNULL,
        account=process.account,
    )
    while not postgres.answers():
        assert left_over.poll() is None
    supervisor.start(postgres.process)
    assert left_over.wait(10) == 0


def test_a_process_number_that_now_belongs_to_a_stranger_harms_neither(supervisor: Supervisor, place: Path) -> None:
    postgres = cluster(place)
    postgres.create()
    account = accounts.for_servers()
    with spawn(
        [sys.executable, "-c", "input()"],
        environment=os.environ,
        directory=Path("/"),
        output=subprocess.DEVNULL,
        stdin=subprocess.PIPE,
    ) as stranger:
        note = postgres.cluster / "postmaster.pid"
        note.write_text(f"{stranger.pid}\n{postgres.cluster}\n1\n{postgres.port}\n\n127.0.0.1\n  1 1\nready\n")
        note.chmod(0o600)
        accounts.give(note, account)
        supervisor.start(postgres.process)
        assert stranger.poll() is None


def test_a_user_id_without_a_name_is_told_so_and_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 123456)
    with pytest.raises(LaunchError, match=r"user id 123456, which has no entry in /etc/passwd.* set DATABASE_URL"):
        accounts.require_a_name()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may use programs that the servers' account may not")
def test_programs_that_nobody_cannot_reach_are_copied_and_still_find_their_libraries(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = binaries.can_reach
    hidden = str(Path(sys.prefix))
    monkeypatch.setattr(
        binaries, "can_reach", lambda path, account: not str(path).startswith(hidden) and real(path, account)
    )
    account = accounts.for_servers()
    programs = binaries.postgres(account, place / "bin")
    assert place in programs.parents
    postgres = Postgres(place / "postgres", programs, account, free_port(), FOR_TESTS)
    postgres.create()
    assert binaries.postgres(account, place / "bin") == programs
    assert (place / "bin") in binaries.valkey(account, place / "bin").parents


def test_servers_that_are_configured_are_used_and_none_is_started(place: Path) -> None:
    data = DataDirectory(place / "data")
    data.make(None, ROOT)
    configured = {"DATABASE_URL": "postgresql://elsewhere/x", "REDIS_URL": "redis://elsewhere/0"}
    servers = embedded.servers(data, None, configured)
    assert (servers.database_url, servers.redis_url, servers.processes) == (*configured.values(), [])
