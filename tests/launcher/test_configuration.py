"""The few variables the launcher reads itself, and the environment it hands on."""

import sys
from pathlib import Path

import pytest

from launcher import LaunchError, configuration, processes
from launcher.directory import DataDirectory
from launcher.embedded import Servers
from launcher.process import Process
from launcher.processes import Plan

SERVERS = Servers("postgresql://ours/x", "redis://ours/0", [])


def plan(tmp_path: Path, **environment: str) -> Plan:
    settings = configuration.read(None, {"PORT": "0", "SANDBOX_PORT": "0", **environment}, tmp_path)
    data = DataDirectory(tmp_path / "data")
    data.make(None, tmp_path)
    return processes.partnerbus(settings, data, SERVERS)


def names(plan: Plan) -> list[str]:
    return [part.name for step in plan.steps for part in step]


def test_the_environment_wins_over_the_dotenv_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# ours\nexport PORT='8100'\nSANDBOX_PORT=4600\nPARTNERBUS_DEMO=0 # empty\n\nnonsense\n"
    )
    settings = configuration.read(None, {"SANDBOX_PORT": "4700"}, tmp_path)
    assert (settings.port, settings.sandbox_port, settings.demo) == (8100, 4700, False)


@pytest.mark.parametrize("port", ["web", "-1", "65536", "8000.5"])
def test_what_is_not_a_port_is_named_with_its_variable(tmp_path: Path, port: str) -> None:
    with pytest.raises(LaunchError, match=f"PORT={port} is not a port"):
        configuration.read(None, {"PORT": port}, tmp_path)


@pytest.mark.parametrize(
    ("value", "expected"), [("0", False), ("off", False), ("No", False), ("false", False), ("YES", True), ("", True)]
)
def test_the_simulator_is_switched(tmp_path: Path, value: str, expected: bool) -> None:
    assert configuration.read(None, {"PARTNERBUS_SANDBOX": value}, tmp_path).sandbox is expected


@pytest.mark.parametrize("name", ["PARTNERBUS_SANDBOX", "PARTNERBUS_DEMO"])
def test_a_switch_that_is_neither_on_nor_off_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LaunchError, match=f"{name}=none is neither on nor off"):
        configuration.read(None, {name: "none"}, tmp_path)


def test_a_relative_data_directory_is_below_the_checkout(tmp_path: Path) -> None:
    assert configuration.read(None, {"PARTNERBUS_DATA": "kept"}, tmp_path).data == tmp_path / "kept"


def test_the_first_start_loads_the_demo_world_and_later_ones_do_not(tmp_path: Path) -> None:
    assert names(plan(tmp_path)) == ["migrate", "collectstatic", "sandbox", "load_demo", "web", "worker"]
    (tmp_path / "data/world").write_text("demo\n")
    assert names(plan(tmp_path)) == ["migrate", "collectstatic", "sandbox", "web", "worker"]


def test_without_the_demo_the_first_start_makes_a_link_for_the_administrator(tmp_path: Path) -> None:
    assert "create_admin" in names(plan(tmp_path, PARTNERBUS_DEMO="0"))


def test_in_the_sandbox_no_process_can_see_the_persons_own_aws_access(tmp_path: Path) -> None:
    own = {"AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "secret", "AWS_ACCESS_KEY_ID": "AKIAREAL"}
    settled = plan(tmp_path, **own)
    assert settled.environment["AWS_ACCESS_KEY_ID"] == "111111111111"
    assert settled.environment["AWS_ENDPOINT_URL_EVENTS"] == settled.sandbox_url
    assert settled.environment["AWS_CONFIG_FILE"] == "/dev/null"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & settled.environment.keys()


def test_without_the_sandbox_the_persons_aws_access_is_untouched_and_no_demo_is_loaded(tmp_path: Path) -> None:
    own = {"AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "AKIAREAL"}
    settled = plan(tmp_path, PARTNERBUS_SANDBOX="0", **own)
    assert own.items() <= settled.environment.items()
    assert not any(name.startswith("AWS_ENDPOINT") for name in settled.environment)
    assert names(settled) == ["migrate", "collectstatic", "create_admin", "web", "worker"]


def test_a_direct_address_never_leads_past_the_embedded_database(tmp_path: Path) -> None:
    stray = plan(tmp_path, DATABASE_URL_DIRECT="postgresql://production/x")
    assert stray.environment["DATABASE_URL_DIRECT"] == "postgresql://ours/x"
    pooled = plan(tmp_path, DATABASE_URL="postgresql://pooler/x", DATABASE_URL_DIRECT="postgresql://direct/x")
    assert pooled.environment["DATABASE_URL_DIRECT"] == "postgresql://direct/x"


def test_the_secret_key_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    first, second = plan(tmp_path), plan(tmp_path)
    assert first.environment["SECRET_KEY"] == second.environment["SECRET_KEY"]
    assert (tmp_path / "data/secret_key").stat().st_mode & 0o777 == 0o600
    assert plan(tmp_path, SECRET_KEY="mine").environment["SECRET_KEY"] == "mine"


def test_what_keeps_files_in_the_data_directory_keeps_them_to_itself(tmp_path: Path) -> None:
    parts = [part for step in plan(tmp_path).steps for part in step if isinstance(part, Process)]
    assert {part.name for part in parts if part.umask == 0o077} == {"sandbox", "worker"}


def test_every_long_running_part_runs_this_python(tmp_path: Path) -> None:
    parts = [part for step in plan(tmp_path).steps for part in step if isinstance(part, Process)]
    assert {part.command[0] for part in parts} == {sys.executable}
