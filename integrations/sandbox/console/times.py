"""Moments as people read them, with the exact one on hover."""

from datetime import UTC, datetime, timedelta

from integrations.sandbox.console.markup import Html, el

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def ago(at: datetime, now: datetime) -> Html:
    return _moment(at, f"{span(now - at)} ago")


def until(at: datetime, now: datetime) -> Html:
    return _moment(at, f"in {span(at - now)}")


def span(length: timedelta) -> str:
    """Two units at most: `4 d 19 h`."""
    left, parts = max(int(length.total_seconds()), 0), []
    for seconds, unit in UNITS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def _moment(at: datetime, words: str) -> Html:
    at = at.astimezone(UTC)
    return el("time", words, datetime=at.isoformat(), title=f"{at:%Y-%m-%d %H:%M:%S} UTC")
