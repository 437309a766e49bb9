"""The tenants' side of AWS on a bad day: the simulator may die under their hands, and their sources end."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.smoke.receiving import Receiver
from tests.smoke.registering import PUBLISHER

# A message whose receipt got lost comes again after so many seconds.
HIDDEN_SECONDS = 5


class Customer(Receiver):
    """One tenant's account in one region, which accepts its source again whenever it has ended."""

    def accept(self) -> None:
        """Attach a bus with a rule the first time; afterwards both are still there and wait to be activated."""
        if self._queue:
            self._client("events").activate_event_source(Name=self.source.name)
        else:
            super().accept()
            hidden = {"VisibilityTimeout": str(HIDDEN_SECONDS)}
            self._sqs.set_queue_attributes(QueueUrl=self._queue, Attributes=hidden)

    def deactivate(self) -> None:
        """Let AWS drop what comes from now on, without a word to the provider."""
        self._client("events").deactivate_event_source(Name=self.source.name)

    def withdraw(self) -> None:
        """Delete the source with the publisher account's credentials, behind Partnerbus's back."""
        publisher = Receiver(self._endpoint, replace(self.source, account=PUBLISHER))
        publisher._client("events").delete_partner_event_source(Name=self.source.name, Account=self.source.account)

    def receive(self) -> list[str]:
        """Take up to ten messages out of the queue; none while the simulator is away."""
        try:
            return super().receive()
        except (BotoCoreError, ClientError):
            return []

    def _deleted(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        # They were received: when deleting them fails they come again, and are recognised by AWS's id.
        with suppress(BotoCoreError, ClientError):
            super()._deleted(messages)
        return messages
