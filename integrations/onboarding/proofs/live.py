"""Proofs that ask AWS itself: whose credentials we have, whether a namespace may be used, what reached the receiver.

Never inside a transaction. An answer that says nothing about the question, such as a time-out, leaves a proof
as it was.
"""

from datetime import timedelta

from integrations.aws import receiver_queue
from integrations.aws.errors import AwsError, NetworkError, RetryClass
from integrations.aws.identity import caller_identity
from integrations.aws.limits import LimitError
from integrations.onboarding.probing import Refused, probe_namespace
from integrations.onboarding.proofs.finding import Facts, Finding, fails, holds, moment, unknown
from integrations.onboarding.receipts import missing_since, our_event, queue_of
from integrations.registration.models import Environment

LEFT_FOR_OTHERS = timedelta(minutes=10)  # a validation run looks into the same queue


def sender_proven(facts: Facts) -> Finding:
    """Our credentials act as the test environment's sender account."""
    return _acts_as(facts.test, facts)


def production_proven(facts: Facts) -> Finding:
    """Our credentials act as the production environment's sender account."""
    return _acts_as(facts.production, facts)


def test_enabled(facts: Facts) -> Finding:
    """AWS lets us make and delete a source below the test namespace."""
    return _may_use(facts.test, facts)


def production_enabled(facts: Facts) -> Finding:
    """AWS lets us make and delete a source below the production namespace."""
    return _may_use(facts.production, facts)


def rule_delivered(facts: Facts) -> Finding:
    """An event of ours arrived at the receiver's queue, and none that should have followed is missing."""
    environment, side = facts.test, queue_of(facts.profile, facts.test)
    if environment is None or side is None:
        return fails("Name a role and a queue in the receiver account, or confirm by hand that its rule delivered.")
    try:
        messages = receiver_queue.look_into(side)
        ours = [(message, found) for message in messages if (found := our_event(environment, message.body))]
        receiver_queue.remove(side, [message for message, _ in ours if facts.now - message.sent_at > LEFT_FOR_OTHERS])
    except (AwsError, LimitError) as error:
        return _judged(error, "The receiver's queue cannot be read.")
    if not ours:
        return _nothing_arrived(facts, environment, side.publisher.account)
    message, found = ours[0]
    return holds(
        f"An event of {found['source']} arrived at the receiver's queue.",
        **found,
        queue=side.url,
        at=moment(message.sent_at),
    )


def _nothing_arrived(facts: Facts, environment: Environment, account: str) -> Finding:
    if not facts.evidence or "at" not in facts.evidence:
        return fails("Nothing has arrived at the receiver's queue yet: send a test event once the rule is there.")
    missed = missing_since(environment, account, str(facts.evidence["at"]), facts.now)
    if missed is None:
        return Finding(True, str(facts.evidence.get("says", "")), facts.evidence)
    return fails(
        f"Nothing has arrived at the receiver's queue since {facts.evidence['at']}, although AWS accepted events until "
        f"{moment(missed)}: look at the rule, its target and the queue's policy."
    )


def _acts_as(environment: Environment | None, facts: Facts) -> Finding:
    if environment is None or not environment.publisher_account or not environment.regions:
        return fails("Register the environment with its sender account and a region first.")
    try:
        account = caller_identity(environment.publisher, environment.regions[0])
    except (AwsError, LimitError) as error:
        return _judged(error, "AWS does not tell us who we are.")
    if account != environment.publisher_account:
        return fails(
            f"The credentials belong to account {account}; the registered sender is {environment.publisher_account}. "
            "Give the process credentials of that account, or a role in it."
        )
    return holds(
        f"AWS knows us as {account}.", account=account, role=environment.role_arn or None, at=moment(facts.now)
    )


def _may_use(environment: Environment | None, facts: Facts) -> Finding:
    if environment is None or not environment.publisher_account or not environment.regions:
        return fails("Register the environment with its sender account and a region first.")
    receivers = environment.receiver_accounts or (facts.test.receiver_accounts if facts.test else [])
    if not receivers:
        return fails("Name a receiver account first: the probe is offered to it.")
    try:
        probes = [probe_namespace(environment, region, receivers[0]) for region in environment.regions]
    except Refused as refused:
        return _judged(refused.error, f"{environment.namespace} cannot be used in {refused.region}.")
    regions = ", ".join(probe.region for probe in probes)
    return holds(
        f"A probe source was made and deleted in {regions}.",
        at=moment(facts.now),
        account=receivers[0],
        probes=[{"region": each.region, "arn": each.arn, "milliseconds": each.milliseconds} for each in probes],
    )


def _judged(error: AwsError | LimitError, what: str) -> Finding:
    """A refusal disproves; a lost answer, haste or trouble of AWS's own does not."""
    if isinstance(error, LimitError):
        return fails(f"{what} {error}")
    said = f"{what} {error.sentence} AWS's words: {error.code}{f': {error.message}' if error.message else ''}"
    if isinstance(error, NetworkError) or error.retry_class in (RetryClass.RETRY, RetryClass.THROTTLED):
        return unknown(said)
    return fails(said)


PROOFS = {
    "sender-proven": sender_proven,
    "production-proven": production_proven,
    "test-enabled": test_enabled,
    "production-enabled": production_enabled,
    "rule-delivered": rule_delivered,
}
