"""Trouble with recording: what AWS took and we cannot write down is sent again, so every failure slows sending down."""

import time

LONGEST_PAUSE = 60.0  # seconds
CAUTIOUS_CLAIM = 20  # deliveries of one call, until something could be recorded again


class Trouble:
    """What one process remembers of its failures to record."""

    def __init__(self) -> None:
        self.failures = 0
        self._resume_at = 0.0

    def note(self) -> None:
        """Recording failed: pause twice as long as after the last failure."""
        self.failures += 1
        self._resume_at = time.monotonic() + min(2.0**self.failures, LONGEST_PAUSE)

    def clear(self) -> None:
        """Something was recorded."""
        self.failures, self._resume_at = 0, 0.0

    def is_pausing(self) -> bool:
        return time.monotonic() < self._resume_at


recording_trouble = Trouble()
