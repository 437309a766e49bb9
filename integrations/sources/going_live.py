"""Before an environment is live with AWS, no customer connects to it by itself."""

from integrations.problems import Problem
from integrations.registration.models import Environment


def is_live(environment: Environment) -> bool:
    """Return whether tenants may connect: always in a test environment, in production from going live on."""
    return environment.kind == Environment.Kind.TEST or environment.enabled_at is not None


def refuse_before_going_live(environment: Environment) -> None:
    """Raise Problem 409 `not_live` while AWS has not enabled the integration for customers."""
    if not is_live(environment):
        raise Problem(
            409,
            "not_live",
            "This integration is not live with AWS yet: AWS enables it after its validation, and customers can connect "
            "from then on.",
        )
