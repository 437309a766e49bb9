"""How large a seed is, and what of it is in which condition."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.seed import SeedRefused

DAYS = 30
TYPES = 20
BURSTS = 12  # sources that are at work in one minute, beside the first tenant's
HELD_DAYS = 2  # the last days of closed sources wait
WAITING = 20_000  # the newest events of the first tenant are on their way
DEAD_EVERY = 2_000
FAILED_EVERY = 40  # one of so many was refused once before AWS took it
MOST_TENANTS, MOST_SOURCES_A_TENANT = 100_000, 50
MOST_EVENTS = 1_000_000_000

# What a tenant's sources are in, by its number modulo a hundred; the others are active. Events of closed ones wait.
CONDITIONS = {
    7: "pending",
    11: "expired",
    27: "about to expire",
    31: "paused",
    47: "pending",
    51: "gone",
    71: "failed",
    87: "detached",
}
EVERY = 100

SLUG = "seed"
NAME = "Seeded"
NAMESPACE = "aws.partner/seed.example.com.test"
LABEL = "manage.py seed"
MAIL_DOMAIN = "seed.invalid"  # RFC 2606: no mail ever arrives there
REGIONS = ("eu-west-1", "us-east-1")
MAINTAINED = "eu-central-1"  # of the first source, whose newest events wait


@dataclass(frozen=True, slots=True)
class Plan:
    """How much there is to be. Half of all events are the first tenant's; the other sources have bursts."""

    tenants: int = 5_000
    sources: int = 10_000
    events: int = 10_000_000
    changes: int = 100  # of each source

    def __str__(self) -> str:
        return (
            f"{self.tenants:,} tenants, {self.sources:,} sources with {self.changes:,} changes each "
            f"and {self.events:,} events"
        )

    def check(self) -> None:
        """Raise SeedRefused where the numbers do not go together."""
        if not 1 <= self.tenants <= MOST_TENANTS:
            raise SeedRefused(f"--tenants has to be between 1 and {MOST_TENANTS:,}.")
        if self.sources % self.tenants or not 1 <= self.a_tenant <= MOST_SOURCES_A_TENANT or self.sources < 2:
            raise SeedRefused(
                f"--sources has to be a multiple of --tenants: every tenant has the same number, at most "
                f"{MOST_SOURCES_A_TENANT}, and there are two at least."
            )
        if not 1 <= self.events <= MOST_EVENTS:
            raise SeedRefused(f"--events has to be between 1 and {MOST_EVENTS:,}.")
        if not 3 <= self.changes <= 1_000:
            raise SeedRefused("--changes has to be between 3 and 1,000.")

    @property
    def a_tenant(self) -> int:
        return self.sources // self.tenants

    @property
    def waiting(self) -> int:
        return min(WAITING, self.events // 20)

    @property
    def gap(self) -> int:
        """Milliseconds between two events."""
        return max(1, DAYS * 86_400_000 // self.events)


@dataclass(frozen=True, slots=True)
class Cast:
    """Whose events they are; keys of tenants and sources follow one another."""

    environment: int
    first_tenant: int
    first_source: int
    types: list[int]
    codes: dict[str, int]
    ends_at: datetime

    @property
    def starts_at(self) -> datetime:
        return self.ends_at - timedelta(days=DAYS)

    @property
    def days(self) -> list[datetime]:
        first = self.starts_at.replace(hour=0, minute=0, second=0, microsecond=0)
        return [first + timedelta(days=n) for n in range(DAYS + 1)]


def condition_of(tenant_number: int) -> str:
    """Return what the sources of a tenant are in."""
    return CONDITIONS.get(tenant_number % EVERY, "active")
