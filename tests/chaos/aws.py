"""The AWS simulator's private doors, on days on which it dies itself."""

import time
from http.client import HTTPException

from tests.smoke import BrokenOff
from tests.smoke.disturbing import Simulator

PATIENCE_SECONDS = 60.0


class Aws(Simulator):
    """Beside its faults: its clock, and whether it is there."""

    def advance(self, seconds: float) -> None:
        """Let time pass: offers that nobody uses expire."""
        self._call("POST", "clock", {"advance_seconds": seconds})

    def dropped(self) -> int:
        """Return how many entries it has accepted and dropped since it was started."""
        counters: dict[str, int] = self._call("GET", "state")["counters"]
        return counters.get("dropped_while_pending", 0)

    def wait_until_back(self) -> None:
        """Return when it answers. Raises BrokenOff after a minute."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self.fault_counts()
                return
            except (OSError, HTTPException) as error:
                if time.monotonic() > give_up_at:
                    raise BrokenOff(f"the simulator stays away: {error}") from None
                time.sleep(0.1)
