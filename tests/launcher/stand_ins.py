"""A supervisor whose web and worker are tiny programs, so that its tests need no Django.

Run as a program it reads the same environment as `python -m launcher.supervise`; WORKER is the worker's program.
"""

import sys

from launcher import supervise
from launcher.configuration import ROOT, Configuration
from launcher.directory import DataDirectory
from launcher.embedded import Servers
from launcher.ports import LOOPBACK, claim
from launcher.process import Process
from launcher.processes import Plan

# A master with two children in its group that ignore SIGTERM, as busy prefork workers do.
WORKER = """
import os, signal, sys, time, pathlib
for _ in range(2):
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
        os._exit(0)
pathlib.Path(sys.argv[1]).touch()
time.sleep(600)
"""


def plan(configuration: Configuration, data: DataDirectory, servers: Servers) -> Plan:
    port = claim(configuration.port, "PORT")
    web = Process(
        name="web",
        command=[sys.executable, "-m", "http.server", "--bind", LOOPBACK, str(port)],
        environment=configuration.environment,
        directory=ROOT,
        ready=lambda: True,
    )
    worker = Process(
        name="worker",
        command=[sys.executable, "-c", configuration.environment.get("WORKER", WORKER), str(data.worker_ready)],
        environment=configuration.environment,
        directory=ROOT,
        prepare=lambda: data.worker_ready.unlink(missing_ok=True),
        ready=data.worker_ready.exists,
    )
    where = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    return Plan([[*servers.processes], [web, worker]], where, f"http://{LOOPBACK}:{port}", None)


if __name__ == "__main__":
    sys.exit(supervise.main(plan))
