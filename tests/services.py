"""A pytest plugin that runs the tests on a real PostgreSQL and Valkey of their own.

It has to be a plugin (`-p tests.services`) and not a conftest: pytest-django reads the settings, and with them
DATABASE_URL, before any conftest is loaded. Workers of pytest-xdist inherit the addresses. The servers end with pytest
however it ends; the directory they used goes with them.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import LaunchError, accounts, embedded, undertaker
from launcher.directory import DataDirectory
from launcher.postgres import FOR_TESTS
from launcher.supervisor import Supervisor

ROOT = Path(__file__).resolve().parent.parent
STARTED = pytest.StashKey[Supervisor]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Starts what DATABASE_URL and REDIS_URL do not name yet; a wrapper, so that it runs before pytest-django's."""
    os.environ.setdefault("SECRET_KEY", "only-for-tests")
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        try:
            early_config.stash[STARTED] = _start()
        except LaunchError as reason:
            raise pytest.UsageError(str(reason)) from None
    return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    supervisor = config.stash.get(STARTED, None)
    if supervisor:
        supervisor.stop()
        shutil.rmtree(supervisor.data.path, ignore_errors=True)


def _start() -> Supervisor:
    account = accounts.for_servers()
    data = DataDirectory(Path(tempfile.mkdtemp(prefix="partnerbus-tests-")))
    data.path.chmod(0o711)
    data.make(account, ROOT)
    supervisor = Supervisor(data, say=print)
    supervisor.start(undertaker.process(data.records, os.environ, remove=data.path))
    servers = embedded.servers(data, account, os.environ, FOR_TESTS)
    supervisor.start(*servers.processes)
    os.environ.update(DATABASE_URL=servers.database_url, REDIS_URL=servers.redis_url)
    return supervisor
