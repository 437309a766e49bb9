"""The machine a benchmark ran on."""

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

BUSY_CORES = 0.25
IN_MEMORY = ("tmpfs", "ramfs")


def describe() -> dict[str, Any]:
    """Return what the numbers depend on: processor, memory, kernel, Python, and how busy the machine was before."""
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def describe_database(connection: psycopg.Connection, data: Path) -> dict[str, Any]:
    """Return PostgreSQL's version, how it is set, and the type of the file system under it."""
    settings = {name: _setting(connection, name) for name in ("fsync", "synchronous_commit", "shared_buffers")}
    return {"postgresql": _setting(connection, "server_version").split()[0], **settings, "filesystem": filesystem(data)}


def line(machine: Mapping[str, Any]) -> str:
    """Return the description in a line."""
    told = (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['kernel']}, "
        f"Python {machine['python']}, load {machine['load_at_start']} at the start"
    )
    if "postgresql" not in machine:
        return told
    return (
        f"{told}, PostgreSQL {machine['postgresql']} on {machine['filesystem']} (fsync {machine['fsync']}, "
        f"synchronous_commit {machine['synchronous_commit']}, shared_buffers {machine['shared_buffers']})"
    )


def filesystem(path: Path) -> str:
    """Return the type of the file system on which `path` lies."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    above = [(len(point), kind) for point, kind in mounts if path.resolve().is_relative_to(point)]
    return max(above)[1] if above else "unknown"


def _processor() -> str:
    for text in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = text.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _setting(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("select current_setting(%s)", [name]).fetchone()
    return str(row[0]) if row else "unknown"
