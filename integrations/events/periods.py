"""How long each environment keeps its events, and what has expired by that."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.registration.models import Environment

DEFAULT_DAYS = 30  # where there is no environment yet
# A day expires this much later than its last event: by then what was posted before midnight and sent after it counts as
# long ago too, and is not kept aside for a day.
SETTLING = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Period:
    """The retention of one environment."""

    environment_id: int
    label: str
    days: int

    @property
    def why(self) -> str:
        return f"older than {counted(self.days)}: {self.label}"


@dataclass(frozen=True, slots=True)
class Retention:
    """The retention of all environments at one moment."""

    now: datetime
    periods: tuple[Period, ...]

    @property
    def longest(self) -> int:
        """Days that every day's table stays."""
        return max((period.days for period in self.periods), default=DEFAULT_DAYS)

    @property
    def longest_since(self) -> datetime:
        return self.now - timedelta(days=self.longest)

    @property
    def why_all(self) -> str:
        return f"older than {counted(self.longest)}, the longest retention"

    def since(self, period: Period) -> datetime:
        """Return the moment before which this environment's events may go."""
        return self.now - timedelta(days=period.days)

    def expired_for_all(self, end: datetime) -> bool:
        """Whether a day that ended at `end` is nobody's any more."""
        return end + SETTLING <= self.longest_since

    def expired_at(self, end: datetime) -> list[Period]:
        """Return the environments for which a day that ended at `end` has expired."""
        return [period for period in self.periods if end + SETTLING <= self.since(period)]


def read_retention(now: datetime) -> Retention:
    """Return the retention that is set now."""
    rows = Environment.objects.order_by("id").values_list("id", "integration__slug", "kind", "retention_days")
    return Retention(now, tuple(Period(pk, f"{slug} {kind}", days) for pk, slug, kind, days in rows))


def counted(days: int) -> str:
    """Return a number of days in words."""
    return f"{days} day" if days == 1 else f"{days} days"
