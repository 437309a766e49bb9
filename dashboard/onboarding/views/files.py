"""Files of an integration: sent as downloads, whatever they are, and removed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.onboarding.acting import acted, actor_of, address_of
from dashboard.web.doors import TAKE_TO_AWS, staff_action, staff_page
from integrations.onboarding.attachments import attachment_of, remove_attachment
from integrations.onboarding.profiles import integration_of


@require_safe
@staff_page
def file(request: HttpRequest, integration: str, file: str) -> HttpResponse:
    """Send a file. Never shown from our origin: a script inside would act as whoever opens it."""
    found = attachment_of(integration_of(integration), file)
    return HttpResponse(
        bytes(found.content),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": content_disposition_header(True, found.name) or "attachment",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, no-store",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(TAKE_TO_AWS)
def remove(request: HttpRequest, integration: str, file: str) -> HttpResponse:
    """Ask, and remove a file."""
    found = integration_of(integration)
    attachment = attachment_of(found, file)
    if request.method == "POST":
        return acted(
            request,
            lambda: remove_attachment(attachment=attachment, actor=actor_of(request), now=timezone.now()),
            f"{attachment.name} is removed.",
            address_of(found) + "#files",
        )
    return render(request, "onboarding/remove_file.html", {"integration": found, "file": attachment})
