"""The sentence with which a page begins."""

from dataclasses import dataclass, replace

from dashboard.web.overview import Overview


@dataclass(frozen=True, slots=True)
class Headline:
    """The state as the title, then the numbers and who does what next. `tone` is ok, wait, bad, off or run."""

    tone: str
    icon: str
    title: str
    lede: str


def with_dead_letters(headline: Headline, overview: Overview) -> Headline:
    """Add what could not be delivered. It outlives every other trouble, so it never leaves the headline calm."""
    if not overview.dead:
        return headline
    lede = f"{headline.lede} {sentence(counted(overview.dead, overview))} {_not_delivered(overview.dead)}".lstrip()
    if headline.tone in ("bad", "wait"):
        return replace(headline, lede=lede)
    return replace(headline, tone="wait", icon="alert-triangle-filled", lede=lede)


def counted(number: int, overview: Overview) -> str:
    """Write a sum over the listed sources: it may be the least there is."""
    return f"{number:,}" if overview.exact else f"at least {number:,}"


def counted_events(number: int, overview: Overview) -> str:
    """Write a number of events with its verb `is` or `are`."""
    return f"{counted(number, overview)} {'event is' if number == 1 else 'events are'}"


def sentence(words: str) -> str:
    """Begin the words with a capital letter."""
    return words[:1].upper() + words[1:]


def _not_delivered(number: int) -> str:
    if number == 1:
        return "could not be delivered and is not tried again; it is kept."
    return "could not be delivered and are not tried again; they are kept."
