"""What a person reads of a soak: a line a sample."""

from tests.soak.sampling import PROCESSES, TABLES, Sample

HEAD = (
    f"{'s':>5} {'events/s':>8} {'p50 ms':>7} {'p99 ms':>7} {'WAL B/ev':>8}  "
    + "  ".join(f"{part + ' MB':>9}" for part in PROCESSES)
    + "  "
    + "  ".join(f"{table + ' MB/dead':>18}" for table in TABLES)
    + f"  {'others':>6}"
)


def line(sample: Sample) -> str:
    """Return the sample under HEAD; `others` are the cores that other programs kept busy."""
    weights = "  ".join(f"{sample.memory[part]:>9.1f}" for part in PROCESSES)
    tables = "  ".join(f"{sample.disk[table]:>9.2f}/{sample.dead_rows[table]:<8}" for table in TABLES)
    return (
        f"{sample.second:>5.0f} {sample.events_per_second:>8,.0f} {sample.p50:>7.1f} {sample.p99:>7.1f} "
        f"{sample.wal_per_event:>8,.0f}  {weights}  {tables}  {sample.foreign_cores:>6.2f}"
    )
