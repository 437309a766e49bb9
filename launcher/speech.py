"""Talks to the person at the terminal, if anybody is still there."""

import os
import sys


def say(text: str) -> None:
    """Prints at once. When the reader has gone away (`make run | head`), all further words go nowhere."""
    try:
        print(text, flush=True)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
