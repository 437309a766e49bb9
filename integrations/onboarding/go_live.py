"""Going live: the checks, the switch, taking it back, and what AWS shows of us afterwards."""

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from integrations.onboarding.audit_lines import record_of
from integrations.onboarding.go_live_checks import Check, examine
from integrations.onboarding.models import Profile
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from integrations.registration.enabling import disable_production, enable_production
from integrations.registration.models import Environment, Integration
from tenants.audit import Actor

STAGE = 4
LONGEST_REASON = 2_000


def go_live(
    *,
    integration: Integration,
    reason: str,
    actor: Actor,
    clock: Callable[[], datetime],
    look: Callable[[Integration], list[Check]] = examine,
) -> Environment:
    """Check everything, then let tenants connect production; live already, it changes nothing.

    With a `reason` it goes live in spite of checks that did not pass, and the reason is written down with them. Raises
    Problem 404 `no_production_environment`, 409 `not_ready` with the `checks`.
    """
    reason = _checked(reason)
    environment = production_of(integration)
    if environment.enabled_at is not None:
        return environment
    checks = look(integration)
    failed = [check for check in checks if not check.passed]
    if failed and not reason:
        sentences = " ".join(f"{check.title}: {check.said}" for check in failed)
        raise Problem(409, "not_ready", f"Not ready yet. {sentences}", checks=[check.as_dict() for check in checks])
    return _switch_on(integration, environment, checks, reason, actor, clock())


def take_back(*, integration: Integration, reason: str, actor: Actor, now: datetime) -> Environment:
    """Let nobody connect production any more; sources that exist go on. Again changes nothing.

    Raises Problem 404 `no_production_environment`, 422 `reason_missing`.
    """
    reason = _checked(reason)
    environment = production_of(integration)
    with transaction.atomic():
        was_live = Environment.objects.select_for_update(no_key=True).get(pk=environment.pk).enabled_at is not None
        current = disable_production(environment=environment, reason=reason, actor=actor, now=now)
        if was_live:
            title = "Production is switched off"
            tell(
                integration=integration,
                kind=Kind.CHANGED,
                title=title,
                text=reason,
                actor=actor,
                now=now,
                stage=STAGE,
            )
    return current


def record_listing(
    *, integration: Integration, icon_enabled_at: datetime | None, console_page: str, actor: Actor, now: datetime
) -> Profile:
    """Write down when AWS put our icon on its partner screen, and the page behind it; the same changes nothing.

    Raises Problem 422 `listing_invalid`.
    """
    _check_listing(icon_enabled_at, console_page, now)
    with transaction.atomic():
        profile, _ = Profile.objects.select_for_update(no_key=True).get_or_create(integration=integration)
        if (profile.icon_enabled_at, profile.console_page) == (icon_enabled_at, console_page):
            return profile
        before = _listing(profile)
        profile.icon_enabled_at, profile.console_page = icon_enabled_at, console_page
        profile.version += 1
        profile.save(update_fields=["icon_enabled_at", "console_page", "version"])
        title = "AWS shows our icon" if icon_enabled_at else "AWS's listing changed"
        tell(
            integration=integration,
            kind=Kind.CHANGED,
            title=title,
            text=console_page,
            actor=actor,
            now=now,
            stage=STAGE,
        )
        record_of(integration, "integration:record_listing", actor, now, before=before, after=_listing(profile))
    return profile


def production_of(integration: Integration) -> Environment:
    """Return the integration's production environment. Raises Problem 404 `no_production_environment`."""
    environment = integration.environments.filter(kind=Environment.Kind.PRODUCTION).first()
    if environment is None:
        raise Problem(404, "no_production_environment", "Register the production environment first.")
    return environment


def _switch_on(
    integration: Integration,
    environment: Environment,
    checks: Sequence[Check],
    reason: str,
    actor: Actor,
    now: datetime,
) -> Environment:
    failed = [check.title for check in checks if not check.passed]
    with transaction.atomic():
        locked = Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
        if locked.enabled_at is not None:  # two people pressed at once
            return locked
        current = enable_production(environment=environment, reason=reason, actor=actor, now=now)
        text = f"In spite of: {', '.join(failed)}. {reason}" if failed else f"{len(checks)} checks passed. {reason}"
        title = f"{integration.name} is live"
        tell(
            integration=integration,
            kind=Kind.PROVEN,
            title=title,
            text=text.strip(),
            actor=actor,
            now=now,
            stage=STAGE,
        )
        record_of(
            integration,
            "integration:go_live",
            actor,
            now,
            after={"reason": reason, "checks": [check.as_dict() for check in checks]},
        )
    return current


def _check_listing(icon_enabled_at: datetime | None, console_page: str, now: datetime) -> None:
    if icon_enabled_at is not None and icon_enabled_at > now:
        raise Problem(422, "listing_invalid", "AWS cannot have shown the icon at a moment that is still to come.")
    if console_page:
        try:
            parts = urlsplit(console_page)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme != "https" or not parts.hostname or len(console_page) > 500 or " " in console_page:
            raise Problem(422, "listing_invalid", "Write the address of AWS's page; it begins with https://.")


def _listing(profile: Profile) -> dict[str, str]:
    at = profile.icon_enabled_at
    return {"icon_enabled_at": at.isoformat() if at else "", "console_page": profile.console_page}


def _checked(reason: str) -> str:
    if len(reason) > LONGEST_REASON or "\0" in reason:
        raise Problem(422, "reason_missing", f"Write the reason in at most {LONGEST_REASON:,} characters.")
    return reason.strip()
