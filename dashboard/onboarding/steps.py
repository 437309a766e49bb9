"""What the pages of stages 3 and 4 share: finding an integration, and an act that answers with a sentence."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest

from integrations.problems import Problem
from integrations.registration.models import Integration


def integration_named(name: str) -> Integration:
    """Return an integration by its slug or its public id, which stand in addresses, or raise Http404."""
    found = Integration.objects.filter(slug=name).first()
    try:
        return found or Integration.objects.get(public_id=UUID(name))
    except (Integration.DoesNotExist, ValueError) as missing:
        raise Http404 from missing


def attempted(request: HttpRequest, act: Callable[[], object], done: str) -> bool:
    """Do it and tell the person what came of it; return whether it was done."""
    try:
        act()
    except Problem as problem:
        messages.error(request, problem.detail)
        return False
    if done:
        messages.success(request, done)
    return True
