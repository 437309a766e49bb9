"""Why a delivery is in its state, as a sentence: what the reasons of the event path mean to people."""

from integrations.aws.errors import explain

WORDS = {
    "no_source": "its tenant has no source yet",
    "source_pending": "the source waits to be accepted",
    "source_requested": "the source is being created",
    "source_failed": "the source could not be created",
    "source_paused": "the source is paused",
    "source_expired": "the offer expired",
    "source_gone": "the source is gone at AWS",
    "source_active": "the gate opens in a moment",
    "source_suspect": "AWS is asked about the source again",
    "source_opening": "the source was connected a moment ago",
    "maintenance": "of maintenance in this region",
    "filtered": "no source selects its type or content",
    "dropped": "the policy says to drop it, or somebody gave it up",
    "hold_limit": "it was held longer than the environment allows",
    "event_missing": "its content is not stored any more",
    "selection_failed": "the source's pattern could not be applied to it",
    "outcome_unknown": "AWS's answer never came",
}


def reason_in_words(reason: str | None) -> str:
    """Return the rest of a sentence that begins with "because", or AWS's explanation of its own code."""
    if not reason:
        return ""
    if reason.startswith("breaker:"):
        return f"nothing is sent in this region: {explain(reason.removeprefix('breaker:'))}"
    return WORDS.get(reason) or explain(reason)
