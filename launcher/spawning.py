"""Starts child processes that cannot outlive their parent unnoticed."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from launcher.accounts import Account

PR_SET_PDEATHSIG = 1
# Loaded here, because a freshly forked child should not have to import or load anything.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path,
    output: IO[bytes] | int,
    account: Account | None = None,
    death_signal: int = signal.SIGTERM,
    stdin: int = subprocess.DEVNULL,
    umask: int = -1,
) -> "subprocess.Popen[bytes]":
    """Starts a command in a session of its own; on Linux it gets `death_signal` when this process dies.

    Call it from the main thread only: the kernel sends the signal when the *thread* that forked ends.
    """
    return subprocess.Popen(
        command,
        env=environment,
        cwd=directory,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        umask=umask,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=_tie_to(os.getpid(), death_signal) if _prctl else None,
    )


def _tie_to(parent: int, death_signal: int) -> Callable[[], None]:
    # Popen runs this after it changed the user id; the kernel clears the setting at that change.
    def tie() -> None:
        _prctl(PR_SET_PDEATHSIG, death_signal)  # type: ignore[misc]
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the kernel knew whom to tell

    return tie
