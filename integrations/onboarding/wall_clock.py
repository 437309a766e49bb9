"""Moments as people write them: a date and a time of day in a time zone, which not every year's clocks know."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from integrations.problems import Problem


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name, like `Europe/Berlin`. Raises Problem 422 `time_zone_unknown`."""
    try:
        if name in available_timezones():
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise Problem(
        422, "time_zone_unknown", f"{name!r} is not a time zone. Write it like Europe/Berlin or America/New_York."
    )


def zone_names() -> list[str]:
    """Return the time zones to choose from."""
    return [*sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")), "UTC"]


def moment_of(local: datetime, zone_name: str, *, second: bool | None = None) -> datetime:
    """Return the UTC moment of a wall clock's date and time.

    Raises Problem 422 `time_does_not_exist` when the clocks are put forward over it, and 422 `time_exists_twice` when
    they are put back over it and `second` does not say which of the two is meant.
    """
    zone = zone_of(zone_name)
    first, again = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == again.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise Problem(422, "time_does_not_exist", _gap(local, zone))
    if second is None:
        raise Problem(
            422,
            "time_exists_twice",
            f"On {local:%d %B %Y} the clocks of {zone.key} are put back, and {local:%H:%M} comes twice: first at "
            f"{first.astimezone(UTC):%H:%M} UTC, then at {again.astimezone(UTC):%H:%M} UTC. Say which one is meant.",
        )
    return (again if second else first).astimezone(UTC)


def _gap(local: datetime, zone: ZoneInfo) -> str:
    before, after = (local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (1, 0))
    later = local + abs(after - before)
    return (
        f"On {local:%d %B %Y} the clocks of {zone.key} are put forward, and there is no {local:%H:%M}. "
        f"Choose another time, for example {later:%H:%M}."
    )
