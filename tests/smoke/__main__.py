"""`python -m tests.smoke`, with EVENTS, TENANTS and FAULTS in the environment."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from launcher import LaunchError
from launcher.configuration import ROOT
from launcher.stack import Stack
from tests.smoke import BrokenOff
from tests.smoke.hard_payloads import large_events
from tests.smoke.reading import UnusableEvents, read_events, spread
from tests.smoke.reporting import Outcome, problem_list, say, table
from tests.smoke.story import Task, carry_out

DATA = ROOT / "tests" / "data"
RECURSION_LIMIT = 5_000
OFF = {"", "0", "false", "no", "off"}


def main(environment: Mapping[str, str]) -> int:
    """Return 0 for a good run, 1 for a bad one, 2 for a task that cannot be read."""
    try:
        task = read_task(environment)
    except UnusableEvents as error:
        say(str(error))
        return 2
    # So that a terminated run stops its stack too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    workspace = Path(tempfile.mkdtemp(prefix="partnerbus-smoke-"))
    workspace.chmod(0o711)  # PostgreSQL's account has to pass
    stack = Stack(workspace / "data", {})
    good = False
    try:
        good = run_on(stack, task)
    except KeyboardInterrupt:
        say("\nInterrupted.")
        return 130
    finally:
        if good:
            shutil.rmtree(workspace, ignore_errors=True)
        else:
            say(f"\nThe data stays in {stack.data.path}, the logs in {stack.data.logs}")
    return 0 if good else 1


def read_task(environment: Mapping[str, str]) -> Task:
    """Return what EVENTS, TENANTS and FAULTS ask for. Raises UnusableEvents."""
    if chosen := environment.get("EVENTS"):
        events = read_events(Path(chosen))
    else:
        events = [*read_events(DATA / "github-webhooks.ndjson", DATA / "hard-payloads.ndjson"), *large_events()]
    if number := environment.get("TENANTS"):
        if not (number.isascii() and number.isdigit() and int(number)):
            raise UnusableEvents(f"TENANTS={number} is not a number of tenants: give 1 or more, or leave it out.")
        events = spread(events, int(number))
    tenants = list(dict.fromkeys(event.tenant for event in events))
    return Task(events, tenants, environment.get("FAULTS", "").strip().lower() not in OFF)


def run_on(stack: Stack, task: Task) -> bool:
    """Start the stack, run the task, stop the stack; say how it went and return whether it went well."""
    say(f"Starting a stack of its own for {len(task.events)} events of {len(task.tenants)} tenants.")
    try:
        stack.start()
    except LaunchError as error:
        say(f"\nThe stack does not start. {error}")
        stack.stop()
        return False
    outcome = None
    try:
        outcome = carry_out(stack, task)
    except (LaunchError, BrokenOff, TimeoutError, BotoCoreError, ClientError) as error:
        say(f"\nThe run broke off. {error}")
    finally:
        stopped = stack.stop()
    if stopped:
        say(f"The stack did not stop in order (exit code {stopped}). It said:\n{stack.output}")
    return outcome is not None and _told(outcome) and not stopped


def _told(outcome: Outcome) -> bool:
    say(f"\n{table(outcome)}\n")
    say("Good: nothing lost, nothing with a wrong tenant, nothing changed." if outcome.good else "This run failed:")
    if problems := problem_list(outcome):
        say(problems)
    return outcome.good


if __name__ == "__main__":
    # The JSON decoders count each level against Python's limit; details of a thousand levels are legal.
    sys.setrecursionlimit(RECURSION_LIMIT)
    sys.exit(main(os.environ))
