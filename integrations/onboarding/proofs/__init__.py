"""Named checks over facts, one for each automatic item of the checklist.

A proof looks and answers; it changes nothing here. Those in LIVE ask AWS, and so run outside any transaction.
"""

from collections.abc import Callable, Mapping

from integrations.onboarding.proofs import calls, catalogue, late_stages, lifecycle, live, offers, records
from integrations.onboarding.proofs.finding import Facts as Facts
from integrations.onboarding.proofs.finding import Finding as Finding
from integrations.onboarding.proofs.finding import facts_of as facts_of

Proof = Callable[[Facts], Finding]

STORED: Mapping[str, Proof] = {
    **records.PROOFS,
    **catalogue.PROOFS,
    **offers.PROOFS,
    **lifecycle.PROOFS,
    **calls.PROOFS,
    **late_stages.PROOFS,
}
LIVE: Mapping[str, Proof] = live.PROOFS
PROOFS: Mapping[str, Proof] = {**STORED, **LIVE}
