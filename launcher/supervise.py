"""`make run`: starts the stack, keeps it up until Ctrl-C, and stops it."""

import errno
import os
import shlex
import signal
import sys
import time
import tomllib
from collections.abc import Callable

from launcher import LaunchError, accounts, configuration, embedded, preflight, processes, records, status, undertaker
from launcher.configuration import ROOT, Configuration
from launcher.directory import DataDirectory
from launcher.embedded import Servers
from launcher.identity import birth_of
from launcher.process import Job
from launcher.processes import Plan
from launcher.speech import say
from launcher.supervisor import Stopped, Supervisor

Planner = Callable[[Configuration, DataDirectory, Servers], Plan]
SIGN_INS = "ops, manager, support @demo.test; admin, viewer @alder.test; admin@birch.test (password partnerbus-demo)"


def main(planner: Planner = processes.partnerbus, began: float | None = None) -> int:
    """Runs until it is told to stop; returns the exit code.

    `planner` lists the processes to run; `began` is when the person began to wait, on the monotonic clock in seconds.
    """
    try:
        _run(planner, time.monotonic() if began is None else began)
    except LaunchError as reason:
        say(f"\nPartnerbus cannot start. {reason}")
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        remedy = "Let this user write there" if error.errno in (errno.EACCES, errno.EROFS) else "Make room there"
        say(f"\nPartnerbus cannot start: {error}. {remedy}, or keep the data elsewhere with PARTNERBUS_DATA.")
        return 1
    return 0


def version() -> str:
    project: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return project


def _run(planner: Planner, began: float) -> None:
    account = accounts.for_servers()
    settings = configuration.read(account)
    data = DataDirectory(settings.data)
    preflight.check(settings, data)
    data.make(account, ROOT)
    with data.locked():
        for name in records.end_left_over(data.records):
            say(f"Ended {name}, left over from a run that was killed.")
        supervisor = Supervisor(data, say)
        _obey_signals(supervisor)
        try:
            _start_all(supervisor, settings, planner, began)
            supervisor.watch()
        except Stopped:
            pass
        finally:
            say("Stopping.")
            supervisor.stop()
            data.status.unlink(missing_ok=True)
            say(f"Stopped. The data stays in {data.path}")


def _obey_signals(supervisor: Supervisor) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # `nohup make run &` means it; a Ctrl-C that the shell of a background job ignores is still obeyed.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: supervisor.request_stop())


def _start_all(supervisor: Supervisor, settings: Configuration, planner: Planner, began: float) -> None:
    data = supervisor.data
    supervisor.start(undertaker.process(data.records, os.environ))
    say("prepare the data directory")
    plan = planner(settings, data, embedded.servers(data, accounts.for_servers(), settings.environment))
    supervisor.on_change(lambda: status.write(data.status, _status(supervisor, plan)))
    for step in filter(None, plan.steps):
        say(", ".join(part.doing if isinstance(part, Job) else f"start {part.name}" for part in step))
        supervisor.start(*step)
    supervisor.all_started = True
    status.write(data.status, _status(supervisor, plan))
    say(_summary(supervisor, plan, time.monotonic() - began))


def _status(supervisor: Supervisor, plan: Plan) -> dict[str, object]:
    return status.of(
        supervisor.children,
        supervisor=os.getpid(),
        birth=birth_of(os.getpid()),
        ready=supervisor.ready,
        web_url=plan.web_url,
        sandbox_url=plan.sandbox_url,
        environment={name: value for name, value in plan.environment.items() if os.environ.get(name) != value},
    )


def _summary(supervisor: Supervisor, plan: Plan, seconds: float) -> str:
    data = supervisor.data
    rows = [("Web", plan.web_url)]
    if plan.sandbox_url:
        rows.append(("AWS sandbox", f"{plan.sandbox_url} (console: {plan.sandbox_url}/_sandbox/)"))
    else:
        rows.append(("AWS", "real AWS (PARTNERBUS_SANDBOX=0)"))
    if data.is_demo:
        rows.append(("Sign in as", SIGN_INS))
    rows += [("Logs", str(data.logs)), ("Data", str(data.path))]
    if not _is_found_without_being_told(data):
        rows.append(("Elsewhere", f"other terminals need: export PARTNERBUS_DATA={shlex.quote(str(data.path))}"))
    if os.geteuid() == 0:
        rows.append(
            ("Note", "you are root: PostgreSQL and Valkey run as `nobody`. Good for a trial, not for production.")
        )
    lines = [f"  {name:<12} {text}" for name, text in rows]
    head = f"\nPartnerbus {version()} is ready after {seconds:.1f} s. Ctrl-C stops it."
    return "\n".join([head, "", *lines, *(f"\n{text}" for text in supervisor.shown)])


def _is_found_without_being_told(data: DataDirectory) -> bool:
    untold = {name: value for name, value in os.environ.items() if name != "PARTNERBUS_DATA"}
    return configuration.read(accounts.for_servers(), untold).data == data.path


if __name__ == "__main__":
    sys.exit(main(began=float(sys.argv[1]) if sys.argv[1:] else None))
