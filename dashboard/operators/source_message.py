"""The one message at the top of a source's page: what is, what follows for its events, and the one thing to press."""

from dataclasses import dataclass

from dashboard.operators.source_facts import SourceFacts, duration
from dashboard.web.templatetags.partnerbus import counted


@dataclass(frozen=True, slots=True)
class Message:
    """`action` is a page of this source, by the last part of its route's name; empty where nothing is to be done."""

    tone: str
    title: str
    text: str
    action: str = ""
    button: str = ""


def message_of(facts: SourceFacts) -> Message:
    """Return what most needs to be known of the source, the worst first."""
    kept = _kept(facts)
    if facts.deleting:
        text = f"It is deleted at AWS, and this page says so once AWS has confirmed it. {kept}"
        return Message("run", "This source is being deleted", text)
    if facts.maintenance:
        return Message("off", f"{facts.region} is held on purpose", f"Maintenance: {facts.maintenance}. {kept}")
    if facts.breaker and facts.standing in ("requested", "active", "opening", "pending", "detached"):
        text = f"AWS refuses the publisher account or cannot be reached ({facts.breaker}). It is tried again. {kept}"
        asked_for = facts.standing == "requested"
        return Message("bad", f"Nothing is {'created' if asked_for else 'sent'} in {facts.region}", text)
    return _by_standing(facts, kept)


def _by_standing(facts: SourceFacts, kept: str) -> Message:
    tenant = facts.tenant
    match facts.standing:
        case "requested":
            text = f"{facts.explanation} It is tried again by itself. {kept}" if facts.failure_code else kept
            return Message("run", "AWS is asked to create this source", text)
        case "failed":
            text = f"{facts.explanation} Then provision it again. {kept}"
            return Message("bad", "This source could not be created", text, "reprovision", "Provision again…")
        case "pending":
            text = " ".join(filter(None, (_what_accepts(facts), _meanwhile(facts), kept)))
            return Message("wait", f"Waiting for {tenant}'s AWS admin to accept", text, "hand_over", "Hand it over…")
        case "detached":
            text = (
                f"{tenant} deactivated the source or deleted its event bus; AWS does not say which. AWS deletes the "
                f"offer in the end unless {tenant} attaches it again. {kept}"
            )
            return Message("wait", f"{tenant}'s account no longer takes events", text, "hand_over", "Hand it over…")
        case "opening":
            text = f"AWS says ACTIVE. Sending begins in a moment, so that rules can be made first. {kept}"
            return Message("run", f"{tenant} is connected", text)
        case "checking":
            return Message("wait", "AWS is asked whether the source still exists", f"An entry was refused. {kept}")
        case "paused":
            return Message("off", "This source is paused", kept, "resume", "Resume")
        case "expired":
            text = f"Nobody accepted it in time, and AWS withdrew the offer. {kept}"
            return Message("bad", "The offer expired", text, "reprovision", "Provision again…")
        case "gone":
            title = "This source was deleted" if facts.desired == "absent" else "This source is gone at AWS"
            return Message("bad", title, kept, "reprovision", "Provision again…")
    return _flowing(facts)


def _flowing(facts: SourceFacts) -> Message:
    waiting = facts.counters.waiting
    if waiting and facts.drain_rate:
        left = duration(waiting / facts.drain_rate)
        text = f"{counted(waiting)} events wait and flow at {facts.drain_rate:,} a second: about {left}."
        return Message("run", "The backlog is draining", text, "drain", "Change the rate…")
    if facts.counters.last_accepted_at is None:
        text = "No event was accepted for it yet."
        return Message("ok", f"{facts.tenant} is connected", text, "test", "Send test event…")
    return Message("ok", "Events are flowing", "AWS takes them and passes them on to the tenant's bus.")


def _what_accepts(facts: SourceFacts) -> str:
    if facts.next_step is not None and len(facts.next_step.commands) > 1:
        return (
            "It was ACTIVE before. AWS keeps it PENDING until its AWS admin attaches it again: activates it where its "
            "bus is left, or creates the bus anew. The commands stand below."
        )
    return "Its AWS admin creates the event bus."


def _meanwhile(facts: SourceFacts) -> str:
    if facts.policy == "send_and_keep":
        return "Events are sent meanwhile, kept, and sent again once AWS says ACTIVE."
    return "New events are dropped until then, as the environment wants it." if facts.policy == "drop" else ""


def _kept(facts: SourceFacts) -> str:
    if not facts.kept:
        return "No event is waiting."
    return f"{counted(facts.kept)} {'event is' if facts.kept == 1 else 'events are'} kept here and nothing is lost."
