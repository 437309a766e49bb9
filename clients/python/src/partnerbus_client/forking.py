"""What a forked process must not share with its parent."""

import os
import weakref
from collections.abc import Callable


def in_every_child(method: Callable[[], None]) -> None:
    """Call this bound method in every process that is forked from this one, for as long as its object lives."""
    reference = weakref.WeakMethod(method)

    def call() -> None:
        if alive := reference():
            alive()

    if hasattr(os, "register_at_fork"):  # Windows has no fork
        os.register_at_fork(after_in_child=call)
