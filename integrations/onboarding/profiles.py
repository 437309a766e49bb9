"""The profile of an integration: what AWS is told of it, its receiving side, and whether it is archived."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import transaction
from django.http import Http404

from integrations.aws.limits import LimitError
from integrations.aws.names import check_namespace
from integrations.aws.receiver_queue import receiver_queue
from integrations.onboarding.audit_lines import record_of
from integrations.onboarding.models import ChecklistItem, Profile
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor

RECEIVED = "rule-delivered"  # the item that is proven by itself once the receiving side is named
MOST_EMAILS = 10


def change_profile(
    *,
    integration: Integration,
    name: str,
    company: str,
    domain: str,
    partner_emails: Sequence[str],
    landing_page: str,
    actor: Actor,
    now: datetime,
) -> Profile:
    """Change what AWS is told beside the environments.

    Raises Problem 422 `profile_invalid`.
    """
    fields = checked_profile(company, domain, partner_emails, landing_page)
    check_product_name(name)
    with transaction.atomic():
        profile = locked_profile(integration)
        profile.version += 1
        before = {field: getattr(profile, field) for field in fields} | {"name": profile.integration.name}
        for field, value in fields.items():
            setattr(profile, field, value)
        profile.save()
        Integration.objects.filter(pk=integration.pk).update(name=name.strip())
        _tell_changes(profile, before, fields | {"name": name.strip()}, actor, now)
    return profile


def change_receiver(
    *,
    integration: Integration,
    role_arn: str,
    external_id: str,
    queue_url: str,
    actor: Actor,
    now: datetime,
) -> Profile:
    """Name the role and the queue of the receiving side, or neither; the delivered event is then proven by itself.

    Raises Problem 422 `receiver_invalid`.
    """
    if role_arn or queue_url:
        try:
            receiver_queue(role_arn, external_id, queue_url, "")
        except LimitError as error:
            raise Problem(422, "receiver_invalid", str(error)) from None
    with transaction.atomic():
        profile = locked_profile(integration)
        profile.version += 1
        before = {"receiver_role_arn": profile.receiver_role_arn, "receiver_queue_url": profile.receiver_queue_url}
        profile.receiver_role_arn, profile.receiver_queue_url = role_arn, queue_url
        profile.receiver_external_id = external_id if role_arn else ""
        profile.save()
        proof = ChecklistItem.Proof.AUTOMATIC if role_arn else ChecklistItem.Proof.MANUAL
        ChecklistItem.objects.filter(stage__integration=integration, key=RECEIVED).update(proof=proof)
        after = {"receiver_role_arn": role_arn, "receiver_queue_url": queue_url}
        _tell_changes(profile, before, after, actor, now)
    return profile


def archive(*, integration: Integration, archived: bool, reason: str, actor: Actor, now: datetime) -> Profile:
    """Put an integration away, or bring it back. Its sources and events go on; its checklist is not checked."""
    with transaction.atomic():
        profile = locked_profile(integration)
        if (profile.archived_at is not None) == archived:
            return profile
        profile.archived_at = now if archived else None
        profile.version += 1
        profile.save()
        title = "Integration archived" if archived else "Integration brought back"
        tell(integration=integration, kind=Kind.CHANGED, title=title, text=reason.strip(), actor=actor, now=now)
        action = "integration:archive" if archived else "integration:restore"
        record_of(profile.integration, action, actor, now, after={"reason": reason})
    return profile


def integration_of(public_id: str) -> Integration:
    """Return an integration that is on its way through the stages, or raise Http404."""
    try:
        return Integration.objects.select_related("profile__lead").get(public_id=UUID(public_id), profile__isnull=False)
    except (Integration.DoesNotExist, ValueError) as missing:
        raise Http404 from missing


def locked_profile(integration: Integration) -> Profile:
    """Return the profile as it is now, locked until the end of the transaction."""
    return Profile.objects.select_for_update(of=("self",)).select_related("integration").get(pk=integration.pk)


def checked_profile(company: str, domain: str, partner_emails: Sequence[str], landing_page: str) -> dict[str, Any]:
    """Return these as columns. Raises Problem 422 `profile_invalid`."""
    company, domain, landing_page = company.strip(), domain.strip().lower().rstrip("."), landing_page.strip()
    if not company.isprintable() or len(company) > 200:
        raise _invalid("The name of the company is one line of at most 200 characters.")
    if domain:
        try:
            check_namespace(f"aws.partner/{domain}", "production")
        except LimitError:
            raise _invalid(
                f"{domain!r} is not a domain: write it like example.com, without https:// or a path."
            ) from None
    emails = list(dict.fromkeys(each.strip() for each in partner_emails if each.strip()))
    if len(emails) > MOST_EMAILS:
        raise _invalid(f"At most {MOST_EMAILS} e-mail addresses.")
    for email in emails:
        try:
            validate_email(email)
        except ValidationError:
            raise _invalid(f"{email!r} is not an e-mail address.") from None
    if landing_page:
        try:
            URLValidator(schemes=["https"])(landing_page)
        except ValidationError:
            raise _invalid("The landing page is an address that begins with https://.") from None
    return {"company": company, "domain": domain, "partner_emails": emails, "landing_page": landing_page}


def check_product_name(name: str) -> None:
    """Raise Problem 422 `profile_invalid` for a name that nobody can read."""
    if not name.strip() or not name.isprintable() or len(name) > 200:
        raise _invalid("The name of the product is one line of 1 to 200 characters.")


def _tell_changes(profile: Profile, before: dict[str, Any], after: dict[str, Any], actor: Actor, now: datetime) -> None:
    changed = {name for name in after if before[name] != after[name]}
    if changed:
        named = ", ".join(sorted(name.replace("_", " ") for name in changed))
        tell(integration=profile.integration, kind=Kind.CHANGED, title=f"Changed: {named}", actor=actor, now=now)
        record_of(
            profile.integration,
            "integration:change",
            actor,
            now,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )


def _invalid(detail: str) -> Problem:
    return Problem(422, "profile_invalid", detail)
