"""What stands in the way of tenants, as data: what they see, why, and what helps. Shown where the symptom shows."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


class Moment(StrEnum):
    """When somebody meets a symptom."""

    ACCEPTING = "accepting"
    TAKING_UP = "taking up again"
    RECEIVING = "receiving"
    REMOVING = "removing"


@dataclass(frozen=True, slots=True)
class Symptom:
    """One row of help. `key` is stable; `seen` is in the words of who sees it."""

    key: str
    moments: tuple[Moment, ...]
    seen: Words
    cause: Words
    remedy: Words


SYMPTOMS = [
    Symptom(
        "not_visible",
        (Moment.ACCEPTING,),
        _("I do not see the source"),
        _("It is offered to one account in one region, and the console shows only what is chosen there."),
        _("Compare account id and region at the top right with those here. If they agree, the offer has expired."),
    ),
    Symptom(
        "name_not_valid",
        (Moment.ACCEPTING,),
        _("“EventBus name starting with 'aws.' is not valid”"),
        _("The bus was named, but the event source was not, or by another name."),
        _("Give both names and make them the same: name and event source name."),
    ),
    Symptom(
        "bus_exists",
        (Moment.ACCEPTING, Moment.TAKING_UP),
        _("“Event bus already exists”, from CloudFormation, Terraform or CDK"),
        _("Somebody made the bus already, in the console or in another stack."),
        _("Import the bus into your stack or take it out of the template; the rule alone is enough then."),
    ),
    Symptom(
        "could_not_associate",
        (Moment.ACCEPTING, Moment.TAKING_UP),
        _("“Could not associate the event source”, or it stays PENDING"),
        _("The source was made anew while the bus of the earlier one still exists. AWS keeps it PENDING on purpose."),
        _("Run activate-event-source, or delete the old bus and associate the source with a new one."),
    ),
    Symptom(
        "activate_not_found",
        (Moment.ACCEPTING, Moment.TAKING_UP),
        _("activate-event-source answers ResourceNotFoundException"),
        _("There is no bus yet; only a source that had one can be activated."),
        _("Make the bus first: create-event-bus with both names."),
    ),
    Symptom(
        "too_many_buses",
        (Moment.ACCEPTING,),
        _("LimitExceededException when the bus is made"),
        _("An account has 100 event buses in a region, and partner buses count."),
        _("Delete a bus that nobody needs, or have AWS raise the quota."),
    ),
    Symptom(
        "rule_never_fires",
        (Moment.RECEIVING,),
        _("Connected, but my rule never fires"),
        _("The rule stands on the default bus, is disabled, or its pattern holds a * inside a plain text."),
        _("Make the rule on the bus that is called like the source, with the full name as source or a prefix match."),
    ),
    Symptom(
        "target_refuses",
        (Moment.RECEIVING,),
        _("The rule fires, but nothing arrives at its target"),
        _("The target does not let EventBridge in; such events are not tried again."),
        _("Give the rule a dead-letter queue: its messages name the error. Then correct the target's policy or role."),
    ),
    Symptom(
        "too_big_for_target",
        (Moment.RECEIVING,),
        _("Big events are missing in CloudWatch Logs"),
        _("The envelope takes about 200 bytes more, and a log entry has a limit of its own."),
        _("Take big events to SQS or S3 instead, or have fewer fields sent."),
    ),
    Symptom(
        "source_stays",
        (Moment.REMOVING,),
        _("terraform destroy leaves the source behind"),
        _("Only the provider can delete a source; your side deletes the bus, and the source is PENDING again."),
        _("Have it deleted here. Without a bus AWS takes the offer back by itself."),
    ),
    Symptom(
        "states_differ",
        (Moment.ACCEPTING, Moment.RECEIVING),
        _("AWS's console says PENDING, this page something else"),
        _("This page shows AWS's own word and when it was asked; that may be some minutes ago."),
        _("Wait for the next question or have it asked now. AWS's word counts."),
    ),
]


def symptoms_at(moment: Moment) -> list[Symptom]:
    """Return the help for one moment."""
    return [symptom for symptom in SYMPTOMS if moment in symptom.moments]
