"""The verdict on a soak: windows of a tenth of it, held against each other and against limits."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from tests.soak.sampling import PROCESSES, TABLES, Sample

# Tenths of the run, which is minutes when it lasts ten: the first two are for warming up, the third is what counts.
REFERENCE, LAST = 2, 9
OPENED, CLOSED = 4, 7  # somebody's transaction is open from the one to the other

MEMORY_GROWTH, MEMORY_MEGABYTES = 1.10, 10.0  # of a part; both have to be exceeded
DELAY_GROWTH = 2.0
DELAY_SAYS_NOTHING = {"p50": 20.0, "p99": 150.0}  # ms; below it twice as much is noise of the machine
BEHIND_SNAPSHOT_MS = 200.0
RATE_KEPT = 0.95
# Vacuum comes to `pending` every 50,000 dead rows and to the others far earlier.
DEAD_ROWS = {"pending": 150_000, "retry": 20_000, "activity": 20_000, "rollups": 50_000, "heavy_lanes": 20_000}
# What three minutes without vacuum leave in `pending`, and room for the rest.
MEGABYTES = {"pending": 120.0, "retry": 20.0, "activity": 10.0, "rollups": 60.0, "heavy_lanes": 5.0}


@dataclass(frozen=True)
class Course:
    """A run of so many seconds, its samples, and what it was to send."""

    seconds: float
    samples: Sequence[Sample]
    events_per_second: float

    def window(self, tenth: int) -> list[Sample]:
        """Return the samples of a tenth of the run, the first being 0."""
        begin, end = tenth * self.seconds / 10, (tenth + 1) * self.seconds / 10
        return [sample for sample in self.samples if begin < sample.second <= end]

    def median(self, tenth: int, value: Callable[[Sample], float]) -> float:
        return statistics.median(map(value, self.window(tenth)))

    def change(self, value: Callable[[Sample], float]) -> tuple[float, float]:
        """Return the medians of the third tenth and of the last."""
        return self.median(REFERENCE, value), self.median(LAST, value)


def complaints(course: Course) -> list[str]:
    """Return a sentence for everything that grew, or was too much."""
    return [*_memory(course), *_delays(course), *_tables(course), *_rate(course)]


def _memory(course: Course) -> list[str]:
    found = []
    for part in PROCESSES:
        before, after = course.change(lambda sample, part=part: sample.memory[part])
        if after > before * MEMORY_GROWTH and after > before + MEMORY_MEGABYTES:
            found.append(f"{part} grew from {before:.0f} MB to {after:.0f} MB")
    return found


def _delays(course: Course) -> list[str]:
    found = []
    for name, nothing in DELAY_SAYS_NOTHING.items():
        before, after = course.change(attrgetter(name))
        if after > before * DELAY_GROWTH and after > nothing:
            found.append(f"{name} from commit to acceptance grew from {before:.1f} ms to {after:.1f} ms")
    behind = max(course.median(tenth, attrgetter("p50")) for tenth in range(OPENED, CLOSED))
    if behind >= BEHIND_SNAPSHOT_MS:
        found.append(f"p50 rose to {behind:.0f} ms while somebody's transaction was open")
    return found


def _tables(course: Course) -> list[str]:
    found = []
    for table in TABLES:
        dead = course.median(LAST, lambda sample, table=table: sample.dead_rows[table])
        if dead > DEAD_ROWS[table]:
            found.append(f"{table} has {dead:,.0f} dead rows at the end")
        largest = max(sample.disk[table] for sample in course.samples)
        if largest > MEGABYTES[table]:
            found.append(f"{table} took {largest:.0f} MB of disk")
    return found


def _rate(course: Course) -> list[str]:
    rate = statistics.mean(sample.events_per_second for sample in course.samples)
    if rate < RATE_KEPT * course.events_per_second:
        return [f"only {rate:,.0f} events/s of {course.events_per_second:,.0f} were accepted"]
    return []
