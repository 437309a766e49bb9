"""The sidebar, in templates."""

from django import template
from django.http import HttpRequest

from dashboard.web.navigation import Group, navigation_of
from tenants.models import User

register = template.Library()


@register.simple_tag
def navigation(request: HttpRequest) -> list[Group]:
    """Return what the signed-in person is offered, with the page at hand lit."""
    return navigation_of(request.user, request.path) if isinstance(request.user, User) else []
