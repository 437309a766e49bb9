"""The steps of a validation run that send events: to a PENDING source, to an ACTIVE one, and one that is refused."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from integrations.aws import receiver as receiving
from integrations.aws.exchange import Exchanges
from integrations.aws.publishing import Accepted, PutResult, Refused, put_partner_events
from integrations.cursors import raw_connection
from integrations.events.ingest import store_events
from integrations.events.story import story_of
from integrations.onboarding.run_outcomes import SOON, WATCHING, Failed, Look, Outcome, Shown, Waits, earlier_evidence
from integrations.sources.models import Observed

VALIDATION_TYPE = "partnerbus.validation"
SECONDS = 10.0
PATIENCE = timedelta(minutes=2)
POLICY = (
    "This environment holds events while a source is PENDING, and AWS wants to see them sent at once. Set its gate "
    "policy to send_and_keep, then try again."
)


def publish_while_pending(look: Look) -> Outcome:
    """Send an event although nobody has accepted the source: AWS takes it and drops it."""
    if look.source.observed == Observed.ACTIVE:
        return Failed("The source is ACTIVE already, so nothing can be sent while it is PENDING. Start another run.")
    return _published(look, Observed.PENDING)


def publish_while_active(look: Look) -> Outcome:
    """Send an event to the source that its customer has accepted."""
    return _published(look, Observed.ACTIVE)


def receive_event(look: Look) -> Outcome:
    """Find the event of the step before in the receiving account."""
    sent = earlier_evidence(look.run, "publish_active")
    return _received(look, str(sent.get("event_id", "")), earlier_evidence(look.run, "rule").get("queue", ""))


def publish_and_receive_again(look: Look) -> Outcome:
    """Send an event to the source made again, and find it behind the rule that was left."""
    sent = _published(look, Observed.ACTIVE)
    if not isinstance(sent, Shown):
        return sent
    received = _received(look, sent.evidence["event_id"], earlier_evidence(look.run, "rule").get("queue", ""))
    if isinstance(received, Shown):
        return Shown({**sent.evidence, **received.evidence}, sent.request_id, received.proof)
    return received


def refuse_an_entry(look: Look) -> Outcome:
    """Send a good entry and one to a source that does not exist in one request: each has an outcome of its own."""
    name = look.source.name
    result = _put([_entry(name, look.clock()), _entry(f"{name}-absent", look.clock())], look)
    good, bad = result.outcomes
    if not isinstance(good, Accepted) or not isinstance(bad, Refused):
        return Failed(
            f"AWS answered {type(good).__name__.lower()} for the good entry and {type(bad).__name__.lower()} for the "
            "bad one. Look at the source's state, then try again.",
            result.request_id,
        )
    evidence = {
        "entries": 2,
        "accepted": {"source": name, "aws_id": good.event_id},
        "refused": {
            "source": f"{name}-absent",
            "code": bad.code,
            "message": bad.message,
            "what_follows": str(bad.retry_class),
        },
        "ms": result.duration_ms,
    }
    return Shown(evidence, result.request_id)


def _published(look: Look, while_: str) -> Outcome:
    event_id = _stored(look)
    story = story_of(environment_id=look.run.environment_id, event_id=event_id)
    sent = {"event_id": str(event_id), "type": VALIDATION_TYPE}
    if story is None:
        return Waits("The event is being stored.", SOON, evidence=sent)
    for attempt in story["attempts"]:
        if attempt["code"] == "accepted" and attempt["observed"] == while_:
            request_id = str(attempt["request_id"] or "")
            return Shown({**sent, **_facts(attempt)}, request_id)
    return _not_sent_yet(story, while_, sent)


def _not_sent_yet(story: dict[str, Any], while_: str, sent: dict[str, Any]) -> Outcome:
    states = {(delivery["state"], delivery["reason"]) for delivery in story["deliveries"]}
    if while_ == Observed.PENDING and ("held", "source_pending") in states:
        return Failed(POLICY)
    dead = next((delivery for delivery in story["deliveries"] if delivery["state"] == "dead"), None)
    if dead is not None:
        return Failed(f"The event was refused for good: {dead['message'] or dead['reason']}")
    shown = ", ".join(sorted(f"{state} ({reason})" if reason else state for state, reason in states)) or "stored"
    return Waits(f"The event is {shown}; AWS has not accepted it yet.", SOON, evidence=sent)


def _facts(attempt: dict[str, Any]) -> dict[str, Any]:
    return {
        "at": attempt["at"].isoformat(),
        "state_of_source": str(attempt["observed"]).upper(),
        "aws_id": str(attempt["aws_id"] or ""),
        "ms": attempt["ms"],
        "bytes": attempt["bytes"],
    }


def _stored(look: Look) -> UUID:
    """Post the step's event as a backend does. Its id is the step's, so that a repeated look finds the same event."""
    run, step = look.run, look.step
    assert run.tenant is not None
    event = {
        "tenant": run.tenant.external_id,
        "type": VALIDATION_TYPE,
        "id": f"validation:{run.public_id}:{step.key}:{step.takes}",
        "detail": {"run": str(run.public_id), "step": step.key, "take": step.takes, "kind": run.kind},
    }
    raw = raw_connection()
    (result,) = store_events(raw, run.environment, [json.dumps(event).encode()], look.clock())
    assert result.event_id is not None, result.message
    return UUID(result.event_id)


def _received(look: Look, event_id: str, queue: str) -> Outcome:
    if look.receiver is None or not queue:
        return Waits(
            f"Look into the receiving account {look.run.account}: the event {event_id} stands in the resources of what "
            "the rule delivered. Confirm when you have seen it.",
            None,
            awaits_person=True,
            evidence={"event_id": event_id},
        )
    found = receiving.receive(look.receiver, look.run.region, queue, f"urn:partnerbus:event:{event_id}")
    if found is None:
        since = look.step.started_at or look.clock()
        if look.clock() - since > PATIENCE:
            return Failed("Nothing arrived for two minutes. Look at the rule and the queue's policy, then try again.")
        return Waits("The queue of the receiving account is looked into.", WATCHING, evidence={"event_id": event_id})
    envelope = {key: found.envelope.get(key) for key in ("source", "account", "region", "detail-type", "time")}
    evidence = {"event_id": event_id, "received": envelope, "resources": found.envelope.get("resources", [])}
    return Shown(evidence, found.request_id)


def _put(entries: list[bytes], look: Look) -> PutResult:
    with Exchanges() as exchanges:
        return exchanges.run(put_partner_events(exchanges, look.publisher, look.run.region, entries, timeout=SECONDS))


def _entry(source: str, now: datetime) -> bytes:
    detail = json.dumps({"message": "One entry of a request in which another is refused."})
    entry = {
        "Source": source,
        "DetailType": VALIDATION_TYPE,
        "Detail": detail,
        "Time": now.timestamp(),
        "Resources": [],
    }
    return json.dumps(entry).encode()
