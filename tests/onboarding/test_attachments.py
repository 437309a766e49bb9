"""Files of people: told by their bytes, bounded, and protected while a letter has them."""

import io
import zipfile

import pytest

from integrations.onboarding import attachments
from integrations.onboarding.attachments import add_attachment, readable_name, remove_attachment
from integrations.onboarding.file_types import sniffed
from integrations.onboarding.letters import draft_letter
from integrations.onboarding.models import LARGEST_ATTACHMENT, Attachment, Letter, TimelineEntry
from integrations.problems import Problem
from integrations.registration.models import Integration
from tenants.audit import Actor
from tests.onboarding.conftest import NOW

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


def office(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn -->\n<svg/>", "image/svg+xml"),
        ("Grüße, 日本".encode(), "text/plain"),
        (office("word/document.xml"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (office("word/document.xml", "word/vbaProject.bin"), None),
        (office("payload.exe"), None),
        (b"PK\x03\x04broken", None),
        (b"<!DOCTYPE html><script>alert(1)</script>", None),
        (b"  <html>", None),
        (b"<?xml version='1.0'?><x:html xmlns:x='http://www.w3.org/1999/xhtml'/>", None),
        (b"MZ\x90\x00", None),
        (b"a\x00b", None),
        (b"\xff\xfe\x00", None),
    ],
)
def test_a_file_is_what_its_bytes_are(content: bytes, content_type: str | None) -> None:
    assert sniffed(content) == content_type


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("diagram.png", "diagram.png"),
        ("C:\\Users\\me\\plan.pdf", "plan.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie- x.txt"),
        ("日本語 - Übersicht.svg", "日本語 - Übersicht.svg"),
        ("\u202egnp.exe", "gnp.exe"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_name_carries_no_path_and_no_control_characters(given: str, shown: str) -> None:
    assert readable_name(given) == shown


def test_a_file_keeps_its_bytes_and_who_added_it(integration: Integration, manager: Actor) -> None:
    item = integration.stages.get(number=2).items.get(key="types-impersonal")
    kept = add_attachment(integration=integration, item=item, name="a.png", content=PNG, actor=manager, now=NOW)

    found = Attachment.objects.get(pk=kept.pk)
    assert "content" in found.get_deferred_fields()
    assert (bytes(found.content), found.size, found.added_by) == (PNG, len(PNG), "manager@example.com")
    assert TimelineEntry.objects.get(item=item).title == "a.png added"


def test_uploading_twice_keeps_one_file(integration: Integration, manager: Actor) -> None:
    for _ in range(2):
        add_attachment(integration=integration, name="a.png", content=PNG, actor=manager, now=NOW)
    assert Attachment.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "attachment_empty"),
        (b"x" * (LARGEST_ATTACHMENT + 1), "attachment_too_large"),
        (b"<html>", "attachment_type_refused"),
    ],
)
def test_what_cannot_be_kept_is_refused(integration: Integration, manager: Actor, content: bytes, code: str) -> None:
    with pytest.raises(Problem) as refusal:
        add_attachment(integration=integration, name="a", content=content, actor=manager, now=NOW)
    assert refusal.value.code == code
    assert not Attachment.objects.exists()


def test_an_integration_takes_a_bounded_number_of_files(
    integration: Integration, manager: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST_ATTACHMENTS", 1)
    add_attachment(integration=integration, name="a", content=PNG, actor=manager, now=NOW)
    with pytest.raises(Problem, match="Remove one first"):
        add_attachment(integration=integration, name="b", content=PNG, actor=manager, now=NOW)


def test_a_file_goes_unless_a_letter_has_it(integration: Integration, manager: Actor) -> None:
    first = add_attachment(integration=integration, name="a", content=PNG, actor=manager, now=NOW)
    second = add_attachment(integration=integration, name="b", content=PNG, actor=manager, now=NOW)
    draft_letter(
        integration=integration,
        stage=3,
        kind=Letter.Kind.OTHER,
        subject="Files",
        body="Here",
        attachments=[second],
        actor=manager,
        now=NOW,
    )
    for _ in range(2):
        remove_attachment(attachment=first, actor=manager, now=NOW)
    with pytest.raises(Problem, match="stays with its copy"):
        remove_attachment(attachment=second, actor=manager, now=NOW)
    assert list(Attachment.objects.values_list("name", flat=True)) == ["b"]
