"""One call on an event loop of its own, for tests that look at calls one by one."""

from collections.abc import Sequence
from typing import Any

from integrations.aws import publishing
from integrations.aws.exchange import Exchanges
from integrations.aws.publishers import Publisher
from integrations.aws.publishing import PutResult


def put_partner_events(publisher: Publisher, region: str, entries: Sequence[bytes], **options: Any) -> PutResult:
    with Exchanges() as exchanges:
        return exchanges.run(publishing.put_partner_events(exchanges, publisher, region, entries, **options))
