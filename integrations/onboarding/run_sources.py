"""The steps of a validation run that are about the source: made, accepted, deleted, made again, expired."""

from datetime import datetime
from typing import Any

from integrations.aws import partner_sources
from integrations.aws import receiver as receiving
from integrations.onboarding.expiry_evidence import latest_expiry, waiting_offer
from integrations.onboarding.models import ValidationRun, ValidationStep
from integrations.onboarding.run_outcomes import SOON, WATCHING, Failed, Look, Outcome, Shown, Waits, earlier_evidence
from integrations.onboarding.validation_tenant import validation_tenant
from integrations.sources.creation import create_source
from integrations.sources.deletion import delete_source
from integrations.sources.models import Desired, Observed, Source
from integrations.sources.renewal import is_over, reprovision


def create(look: Look) -> Outcome:
    """Offer a source to the receiving account, as a tenant's admin does on submit."""
    run = look.run
    tenant = validation_tenant(environment=run.environment, actor=look.actor, now=look.clock())
    source, _ = create_source(
        tenant=tenant,
        account=run.account,
        region=run.region,
        label=f"run-{run.public_id.hex[-12:]}",
        actor=look.actor,
        now=look.clock(),
    )
    ValidationRun.objects.filter(pk=run.pk).update(tenant=tenant, source=source)
    run.tenant, run.source = tenant, source
    if source.observed != Observed.PENDING:
        return _not_there_yet(source, "AWS is asked to create the source.")
    state, request_id = partner_sources.witness(look.publisher, run.region, source.name, run.account)
    return Shown({**_named(source), "asked_for_at": _said(source.created_at), "state": state}, request_id)


def accept(look: Look) -> Outcome:
    """Make the event bus in the receiving account, or watch until somebody has made it."""
    source = look.source
    request_id = str(look.step.evidence.get("attached", ""))
    if source.observed == Observed.ACTIVE:
        seen, own = partner_sources.witness(look.publisher, look.run.region, source.name, look.run.account)
        by_role = {"event_bus_made_by_request": request_id} if request_id else {}
        return Shown({"state": seen, "seen_at": _said(source.observed_at), **by_role}, own)
    if look.receiver is None:
        return Waits(
            f"In account {look.run.account}, region {look.run.region}, make the event bus of {source.name}. This step "
            "sees it by itself.",
            WATCHING,
            awaits_person=True,
        )
    if not request_id:
        request_id = receiving.attach(look.receiver, look.run.region, source.name)
    return Waits("The event bus is made; AWS is asked for the state.", SOON, evidence={"attached": request_id})


def make_rule(look: Look) -> Outcome:
    """Make a rule that delivers into a queue of the receiving account, or let a person say that there is one."""
    source = look.source
    if look.receiver is None:
        return Waits(
            f"In account {look.run.account}, make a rule on the bus {source.name} that delivers to a target that you "
            "can look into. Confirm when it is there: rules are not visible from here.",
            None,
            awaits_person=True,
        )
    queue, request_id = receiving.deliver_to_queue(look.receiver, look.run.region, source.name, look.queue)
    return Shown({"rule": receiving.RULE, "pattern": {"source": [source.name]}, "queue": queue}, request_id)


def delete(look: Look) -> Outcome:
    """Delete the source at AWS; its customer is left with the bus and sees DELETED."""
    source = look.source
    if source.desired != Desired.ABSENT:
        source = delete_source(source=source, keep_queue=True, actor=look.actor, now=look.clock())
    if not is_over(source):
        said = source.failure_message or "AWS is asked to delete the source."
        return Waits(said, SOON)
    state, request_id = partner_sources.witness(look.publisher, look.run.region, source.name, look.run.account)
    evidence = {"state_for_us": state or "no such source", "confirmed_at": _said(source.observed_at)}
    return Shown({**evidence, **_at_customer(look, source)}, request_id)


def create_again(look: Look) -> Outcome:
    """Offer the same name again: AWS keeps it PENDING, although the bus is left."""
    source = look.source
    if source.desired == Desired.ABSENT:
        source = reprovision(source=source, actor=look.actor, now=look.clock())
    if source.observed != Observed.PENDING:
        return _not_there_yet(source, "AWS is asked to create the source again.")
    state, request_id = partner_sources.witness(look.publisher, look.run.region, source.name, look.run.account)
    return Shown({**_named(source), "state": state, **_at_customer(look, source)}, request_id)


def attach_again(look: Look) -> Outcome:
    """Activate the source on the bus that is left, or watch until somebody has."""
    source = look.source
    request_id = str(look.step.evidence.get("activated", ""))
    if source.observed == Observed.ACTIVE:
        seen, own = partner_sources.witness(look.publisher, look.run.region, source.name, look.run.account)
        by_role = {"activated_by_request": request_id} if request_id else {}
        return Shown({"state": seen, "seen_at": _said(source.observed_at), **by_role}, own)
    if look.receiver is None:
        return Waits(
            f"In account {look.run.account}, activate the source {source.name}: its bus is left from before. This step "
            "sees it by itself.",
            WATCHING,
            awaits_person=True,
        )
    if not request_id:
        request_id = receiving.attach_again(look.receiver, look.run.region, source.name)
    return Waits("The source is activated; AWS is asked for the state.", SOON, evidence={"activated": request_id})


def expire(look: Look) -> Outcome:
    """Show an offer that AWS let expire: it takes days, so it was proven earlier, or the run waits or goes on."""
    evidence = latest_expiry(look.run.environment)
    if evidence is not None:
        return Shown(evidence, proof=ValidationStep.Proof.EARLIER)
    offer = waiting_offer(look.run.environment)
    if offer is None:
        said = (
            "No offer has expired in this environment yet. Rehearse expiry a week before the validation: leave an "
            "offer unaccepted. Or leave this step out and say why."
        )
    else:
        ends = f"{offer.expires_at:%Y-%m-%d %H:%M} UTC" if offer.expires_at else "a moment that AWS has not named"
        said = f"{offer.name} waits for nobody and expires at {ends}. Wait, or leave this step out and say why."
    return Waits(said, WATCHING, awaits_person=True)


def clear_away(look: Look) -> Outcome:
    """Take back everything that the run has made, so that it can be repeated."""
    source = look.source
    if source.desired != Desired.ABSENT:
        source = delete_source(source=source, keep_queue=False, actor=look.actor, now=look.clock())
    if not is_over(source):
        return Waits("AWS is asked to delete the source.", SOON)
    if look.receiver is None:
        return Shown({"source": "deleted", "receiving_account": "the bus and its rule are left for you to delete"})
    queue = str(earlier_evidence(look.run, "rule").get("queue", ""))
    receiving.clear_away(look.receiver, look.run.region, source.name, queue)
    return Shown({"source": "deleted", "receiving_account": "rule, bus and queue deleted"})


def _not_there_yet(source: Source, said: str) -> Outcome:
    if source.observed == Observed.ACTIVE:
        return Failed("The source is ACTIVE already: somebody accepted it before this step could show it PENDING.")
    if source.failure_final:
        return Failed(source.failure_message)
    return Waits(source.failure_message or said, SOON)


def _at_customer(look: Look, source: Source) -> dict[str, Any]:
    if look.receiver is None:
        return {}
    seen = receiving.state_of(look.receiver, look.run.region, source.name)
    return {"state_for_customer": seen.state or "no such source", "seen_by_request": seen.request_id}


def _named(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "arn": source.arn,
        "account": source.account,
        "region": source.region,
        "provisioned_at": _said(source.provisioned_at),
        "expires_at": _said(source.expires_at),
    }


def _said(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
