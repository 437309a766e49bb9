"""Offering a source again that expired, vanished or could not be made: same name, same lane, same queue."""

from datetime import datetime

from integrations.sources.gate import set_gate
from integrations.sources.history import note_change
from integrations.sources.models import Observed, Source
from integrations.sources.states import shown_state
from tenants import audit
from tenants.audit import Actor


def offer_again_if_ended(source: Source, actor: Actor, now: datetime) -> bool:
    """Make an ended or failed source due for provisioning; return whether that was done.

    Belongs into a transaction that holds the tenant's row lock. What the source holds stays in its lane and flows once
    the tenant has accepted it again.
    """
    source = Source.objects.select_for_update(no_key=True, of=("self",)).select_related("environment").get(pk=source.pk)
    if not (source.ended or source.failure_final):
        return False
    before = shown_state(source)
    source.ended = source.failure_code = source.failure_message = ""
    source.failure_final = False
    source.observed, source.observed_at = Observed.UNKNOWN, None
    source.provisioned_at = source.expires_at = source.suspect_since = source.opens_at = None
    source.tries = 0
    source.intent += 1
    source.due_at = now
    source.save()
    set_gate(source, source.environment)
    after = shown_state(source)
    note_change(source, actor, now, field="state", before=before, after=after)
    audit.record(
        actor=actor,
        action="source:offer-again",
        at=now,
        object_type="source",
        object_id=source.public_id,
        tenant=source.tenant,
        before={"state": before},
        after={"state": after},
    )
    return True
