"""The files of a brand: its stylesheet and its picture. They are no secret; their address changes with the version."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from integrations.registration.brands import sheet_of
from integrations.registration.models import Brand, Logo

KEPT = "public, max-age=31536000, immutable"


@require_safe
def brand_sheet(request: HttpRequest, integration: UUID) -> HttpResponse:
    """Send the colours as a stylesheet."""
    brand = Brand.objects.filter(integration__public_id=integration).exclude(colour="").first()
    if brand is None:
        raise Http404
    return HttpResponse(sheet_of(brand), content_type="text/css; charset=utf-8", headers={"Cache-Control": KEPT})


@require_safe
def brand_logo(request: HttpRequest, integration: UUID) -> HttpResponse:
    """Send the picture, in which nothing can run."""
    logo = Logo.objects.filter(integration__public_id=integration).first()
    if logo is None:
        raise Http404
    headers = {
        "Cache-Control": KEPT,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(bytes(logo.png), content_type="image/png", headers=headers)
