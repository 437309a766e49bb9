"""What a person reads of a chaos run: a table of what was counted, and sentences for what must not be."""

from collections.abc import Mapping

from tests.chaos.kills import WAYS
from tests.chaos.story import Outcome
from tests.smoke.disturbing import KINDS

SHOWN = 20


def table(outcome: Outcome) -> str:
    """Return everything that was counted, one thing a line."""
    totals, reckoning, ended = outcome.totals, outcome.reckoning, outcome.ended
    rows = {
        "seed": outcome.extent.seed,
        "seconds": f"{outcome.seconds:.0f}",
        "tenants": outcome.extent.tenants,
        "events promised": totals.events,
        "deliveries owed": totals.sent,
        "deliveries arrived": totals.received,
        "lost": totals.lost,
        "wrong tenant": totals.wrong_tenant,
        "changed": totals.changed,
        "nobody's": totals.nobodys,
        "duplicates": reckoning.duplicates,
        "- AWS's answer never came": reckoning.unanswered,
        "- in flight at a death": f"{reckoning.in_flight} (of {outcome.in_flight_limit} possible)",
        "- replayed as doubtful": reckoning.replayed,
        "accepted, dropped, replayed": reckoning.doubtful,
        "accepted, dropped, unnoticed": len(reckoning.dropped),
        "recorded twice": len(reckoning.recorded_twice),
        "same message again from a queue": outcome.received_again,
        "dead letters": outcome.dead_letters,
        "left to send": outcome.left,
        "killed": _counted(outcome.kills),
        "restarted": _counted(outcome.restarts),
        "faults struck": _counted(outcome.faults),
        "sources ended and renewed": (
            f"{ended.never_accepted} never accepted, {ended.deleted} deleted behind our back, "
            f"{ended.deactivated} deactivated; {ended.held} deliveries held"
        ),
    }
    width = max(map(len, rows))
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in rows.items())


def failures(outcome: Outcome) -> list[str]:
    """Return a sentence for each thing that must not be."""
    totals, reckoning = outcome.totals, outcome.reckoning
    wrong = {
        "no event was promised": not totals.events,
        f"{totals.lost} deliveries are lost": totals.lost,
        f"{totals.wrong_tenant} reached a wrong tenant": totals.wrong_tenant,
        f"{totals.changed} were changed": totals.changed,
        f"{totals.nobodys} messages belong to nobody": totals.nobodys,
        f"{len(reckoning.recorded_twice)} deliveries were recorded as accepted twice": reckoning.recorded_twice,
        f"{len(reckoning.dropped)} were accepted by AWS and dropped, which nobody noticed": reckoning.dropped,
        f"{outcome.dead_letters} died": outcome.dead_letters,
        f"{outcome.left} are still to be sent": outcome.left,
        f"{reckoning.in_flight} copies have no reason but a death, and deaths explain {outcome.in_flight_limit}": (
            reckoning.in_flight > outcome.in_flight_limit
        ),
        **{f"nothing died by {way}": not outcome.kills.get(way) for way in WAYS},
        **{f"the fault {kind} never struck": not outcome.faults.get(kind) for kind in KINDS},
        "no source was renewed in one of the three ways": not (
            outcome.ended.never_accepted and outcome.ended.deleted and outcome.ended.deactivated
        ),
    }
    unseen = max(0, len(outcome.notes) - SHOWN)
    more = [f"and {unseen} more problems"] if unseen else []
    return [sentence for sentence, is_so in wrong.items() if is_so] + list(outcome.notes[:SHOWN]) + more


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} x {name}" for name, number in sorted(counts.items()) if number) or "nothing"
