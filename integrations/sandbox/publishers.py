"""Which accounts AWS has registered as partners, and for which namespaces."""

import re
from typing import Annotated, NoReturn

from msgspec import Meta, Struct

from integrations.sandbox.errors import AwsError
from integrations.sandbox.operations import Call
from integrations.sandbox.persistence import Collection

ANY = "*"
Account = Annotated[str, Meta(pattern=r"^[0-9]{12}$")]
Namespace = Annotated[str, Meta(pattern=r"^(\*|aws\.partner(/[._A-Za-z0-9-]+)+/?)$")]


class Publisher(Struct, frozen=True, forbid_unknown_fields=True):
    """A registered partner account; `*` stands for any namespace, else each reads `aws.partner/<fqdn>`."""

    account: Account
    namespaces: Annotated[list[Namespace], Meta(min_length=1)]

    def may_use(self, source_name: str) -> bool:
        return any(
            namespace == ANY or source_name.startswith(namespace.rstrip("/") + "/") for namespace in self.namespaces
        )


def registered(publishers: Collection[Publisher], call: Call) -> Publisher:
    """Return the caller as a registered publisher. Raises AwsError: AccessDeniedException."""
    publisher = publishers.get(call.caller.account)
    if publisher is None:
        _deny(call, f"account {call.caller.account} is not registered as a partner (POST /_sandbox/publishers)")
    return publisher


def approve_namespace(publisher: Publisher, call: Call, source_name: str) -> None:
    """Raise AwsError (AccessDeniedException) unless the publisher is registered for the name's namespace."""
    if not publisher.may_use(source_name):
        namespace = re.sub(r"(/[^/]+)/.*", r"\1", source_name)
        _deny(call, f"account {publisher.account} is not registered for {namespace} (POST /_sandbox/publishers)")


def _deny(call: Call, reason: str) -> NoReturn:
    action = f"events:{call.operation}"
    message = f"User: {call.caller.arn} is not authorized to perform: {action} because {reason}"
    raise AwsError("AccessDeniedException", message)
