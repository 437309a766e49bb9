"""Files that people add to an integration or to an item of its checklist."""

import hashlib
import re
import unicodedata
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.http import Http404

from integrations.onboarding.file_types import sniffed
from integrations.onboarding.models import LARGEST_ATTACHMENT, Attachment, ChecklistItem
from integrations.onboarding.timeline import Kind, tell
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants import audit
from tenants.audit import Actor

NAME_LENGTH = 200
MOST_ATTACHMENTS = 200  # of one integration: two gigabytes at most in the database and its backups
_UNWANTED = re.compile(r'[\\/:*?"<>|]+')


def add_attachment(
    *,
    integration: Integration,
    name: str,
    content: bytes,
    actor: Actor,
    now: datetime,
    item: ChecklistItem | None = None,
) -> Attachment:
    """Keep a file. The same bytes under the same name in the same place are the file that is there already.

    Raises Problem 413 `attachment_too_large`, 422 `attachment_empty` or `attachment_type_refused`, 409
    `attachments_full`.
    """
    content_type = _checked_type(content)
    name, digest = readable_name(name), hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        # The integration's row: two uploads at once must see each other, to be one file and to count.
        Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)
        kept = Attachment.objects.filter(integration=integration)
        if same := kept.filter(item=item, name=name, sha256=digest).first():
            return same
        if kept.count() >= MOST_ATTACHMENTS:
            raise Problem(409, "attachments_full", f"There are {MOST_ATTACHMENTS} files already. Remove one first.")
        attachment = Attachment.objects.create(
            integration=integration,
            item=item,
            name=name,
            content_type=content_type,
            size=len(content),
            sha256=digest,
            content=content,
            added_at=now,
            added_by=actor.label[:200],
        )
        tell(integration=integration, kind=Kind.CHANGED, title=f"{name} added", actor=actor, now=now, item=item)
        _record("attachment:add", attachment, actor, now)
    return attachment


def remove_attachment(*, attachment: Attachment, actor: Actor, now: datetime) -> None:
    """Remove a file that belongs to no letter; again changes nothing. Raises Problem 409 `attachment_in_use`."""
    with transaction.atomic():
        current = (
            Attachment.objects.select_for_update(of=("self",)).select_related("item").filter(pk=attachment.pk).first()
        )
        if current is None:
            return
        if current.enclosures.exists():
            raise Problem(409, "attachment_in_use", f"{current.name} goes with a letter and stays with its copy.")
        title = f"{current.name} removed"
        tell(integration=current.integration, kind=Kind.CHANGED, title=title, actor=actor, now=now, item=current.item)
        _record("attachment:remove", current, actor, now)
        current.delete()


def attachment_of(integration: Integration, public_id: str) -> Attachment:
    """Return a file of this integration, or raise Http404."""
    try:
        return Attachment.objects.get(integration=integration, public_id=UUID(public_id))
    except (Attachment.DoesNotExist, ValueError) as missing:
        raise Http404 from missing


def readable_name(name: str) -> str:
    """Return what can stand in a list, a mail header and a file system: no path, no control characters."""
    last = re.split(r"[\\/]", name)[-1]
    shown = "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in last)
    words = " ".join(_UNWANTED.sub("-", shown).split()).strip(". ")
    stem, dot, ending = words.rpartition(".")
    if len(words) > NAME_LENGTH and dot and len(ending) < 10:
        return f"{stem[: NAME_LENGTH - len(ending) - 1]}.{ending}"
    return words[:NAME_LENGTH] or "file"


def _checked_type(content: bytes) -> str:
    if not content:
        raise Problem(422, "attachment_empty", "The file is empty. Choose it again.")
    if len(content) > LARGEST_ATTACHMENT:
        raise Problem(
            413,
            "attachment_too_large",
            f"The file has {len(content) / 1_048_576:.1f} MiB; at most {LARGEST_ATTACHMENT // 1_048_576} MiB are kept. "
            "Make it smaller, or link to it in a comment.",
        )
    content_type = sniffed(content)
    if content_type is None:
        raise Problem(
            422,
            "attachment_type_refused",
            "Files of this kind are not kept. Add a picture (PNG, JPEG, GIF, WebP, SVG), a PDF, plain text or an "
            "Office document without macros.",
        )
    return content_type


def _record(action: str, attachment: Attachment, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        object_type="attachment",
        object_id=attachment.public_id,
        after={
            "integration": str(attachment.integration.public_id),
            "item": attachment.item.key if attachment.item else None,
            "name": attachment.name,
            "type": attachment.content_type,
            "size": attachment.size,
            "sha256": attachment.sha256,
        },
    )
