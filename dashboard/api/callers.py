"""Who calls: an API key with a scope. Cookies and sessions mean nothing here."""

from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja.security.http import HttpAuthBase

from integrations.problems import Problem
from integrations.registration.keys import Caller, authenticate
from integrations.registration.models import Environment
from tenants.access import tenant_in
from tenants.accounts import InvalidTenant, check_external_id
from tenants.models import Tenant


class ApiKey(HttpAuthBase):
    """Asks for a bearer key with this scope, before anything of the request is read."""

    openapi_scheme = "bearer"

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> Caller:
        """Return the caller, or raise Problem 401 or 403."""
        caller = authenticate(request.headers.get("Authorization"), now=timezone.now())
        caller.require(self.scope)
        return caller


def caller_of(request: HttpRequest) -> Caller:
    """Return the caller that ApiKey recognised."""
    return cast(Caller, cast(Any, request).auth)


def environment_of(request: HttpRequest) -> Environment:
    """Return the one environment in which this call may act."""
    return caller_of(request).environment


def tenant_of(request: HttpRequest, external_id: str) -> Tenant:
    """Return the tenant by the SaaS's own id, or raise Problem 404, the same for a foreign and an unknown one."""
    try:
        check_external_id(external_id)
        return tenant_in(environment_of(request).directory, external_id)
    except (InvalidTenant, Tenant.DoesNotExist):
        raise Problem(
            404,
            "tenant_unknown",
            "This environment has no such tenant. Put it first: PUT /api/v1/tenants/{tenant}.",
        ) from None
