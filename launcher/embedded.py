"""The servers that are started when no others are configured, at ports that the data directory remembers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher import binaries
from launcher.accounts import Account, require_a_name
from launcher.directory import DataDirectory
from launcher.ports import free_port, is_free
from launcher.postgres import FOR_A_QUEUE, Postgres
from launcher.process import Process
from launcher.valkey import Valkey


@dataclass(frozen=True)
class Servers:
    """Where the database and the broker are, and those of the two that are ours to run."""

    database_url: str
    redis_url: str
    processes: list[Process]


def servers(
    data: DataDirectory,
    account: Account | None,
    configured: Mapping[str, str],
    settings: Mapping[str, str] = FOR_A_QUEUE,
) -> Servers:
    """Creates what DATABASE_URL and REDIS_URL do not already name.

    Raises LaunchError when the programs are missing or the existing data cannot be used.
    """
    database_url, redis_url = configured.get("DATABASE_URL", ""), configured.get("REDIS_URL", "")
    processes = []
    if not database_url:
        require_a_name()
        port = _remembered_port(data.ports, "postgres")
        database = Postgres(data.path / "postgres", binaries.postgres(account), account, port, settings)
        database.create()
        database_url = database.url
        processes.append(database.process)
    if not redis_url:
        port = _remembered_port(data.ports, "valkey")
        broker = Valkey(data.path / "valkey", binaries.valkey(account), account, port)
        broker.create()
        redis_url = broker.url
        processes.append(broker.process)
    return Servers(database_url, redis_url, processes)


def _remembered_port(file: Path, name: str) -> int:
    try:
        ports = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        ports = {}
    if not (name in ports and is_free(ports[name])):
        ports[name] = free_port()
        file.write_text(json.dumps(ports))
    return int(ports[name])
