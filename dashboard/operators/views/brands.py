"""White label: how the portal of each integration looks to its tenants."""

from hashlib import sha256
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.web.brand import brand_of_integration
from dashboard.web.doors import CONFIGURE, person_of, staff_action
from dashboard.web.edit_conflict import Editing
from integrations.problems import Problem
from integrations.registration.brands import LOGO_BYTES, LOGO_PIXELS, set_brand
from integrations.registration.models import Brand, Integration, Logo
from integrations.registration.renaming import locked_integration
from tenants.audit import Actor

FIELD_OF = {"brand_name_invalid": "name", "logo_invalid": "logo"}


class BrandForm(forms.Form):
    """How the portal looks; the domain checks what can be read."""

    name = forms.CharField(
        required=False, max_length=60, help_text="What tenants read at the top. Empty: the integration's own name."
    )
    colour = forms.CharField(
        required=False,
        max_length=7,
        help_text="For buttons and links on light paper, such as #0b6470. Empty: ours.",
        widget=forms.TextInput(attrs={"class": "mono", "placeholder": "#0b6470"}),
    )
    colour_dark = forms.CharField(
        label="Colour on dark paper",
        required=False,
        max_length=7,
        help_text="Empty: derived from the other.",
        widget=forms.TextInput(attrs={"class": "mono", "placeholder": "#63cbd8"}),
    )
    logo = forms.FileField(
        label="Picture",
        required=False,
        help_text=f"A PNG of at most {LOGO_BYTES // 1000} kB and {LOGO_PIXELS} pixels; square looks best.",
        widget=forms.FileInput(attrs={"accept": "image/png"}),
    )
    without_logo = forms.BooleanField(label="Take the picture away", required=False)


@require_safe
@staff_action(CONFIGURE)
def brands(request: HttpRequest) -> HttpResponse:
    """List the integrations and how they look."""
    integrations = Integration.objects.select_related("brand").order_by("name", "pk")
    rows = [(each, brand_of_integration(each)) for each in integrations]
    return render(request, "operators/brands.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_action(CONFIGURE)
def brand(request: HttpRequest, integration: UUID) -> HttpResponse:
    """Show how one looks, and change it."""
    found = get_object_or_404(Integration.objects.select_related("brand"), public_id=integration)
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = BrandForm(data, files, initial=_initial(found))
    editing = Editing(
        form,
        _stored(found),
        log=("integration", found.public_id),
        logged={"logo": "logo_bytes", "without_logo": "logo_bytes"},
        field_of=_field_of,
    )

    def change() -> None:
        given = dict(form.cleaned_data)
        upload = given.pop("logo")
        logo = upload.read(LOGO_BYTES + 1) if upload else None
        set_brand(integration=found, **given, logo=logo, actor=Actor.person(person_of(request)), now=timezone.now())

    if form.is_valid() and editing.save(lambda: _stored(locked_integration(found)), change):
        messages.success(request, "Saved. Tenants see it from their next page on.")
        return redirect("operator_brand", integration=found.public_id)
    context = {"integration": found, "form": form, "editing": editing, "looks": brand_of_integration(found)}
    return render(request, "operators/brand.html", context, status=editing.status)


def _field_of(refusal: Problem) -> str:
    return FIELD_OF.get(refusal.code, "colour_dark" if refusal.extra.get("paper") == "dark" else "colour")


def _initial(found: Integration) -> dict[str, str]:
    try:
        set_before = found.brand
    except Brand.DoesNotExist:
        return {"name": "", "colour": "", "colour_dark": ""}
    return {"name": set_before.name, "colour": set_before.colour, "colour_dark": set_before.colour_dark}


def _stored(found: Integration) -> dict[str, str]:
    """Return what the form shows, and beside it of which change the picture is."""
    png = Logo.objects.filter(pk=found.pk).values_list("png", flat=True).first()
    picture = f"A picture of {len(png):,} bytes, {sha256(png).hexdigest()[:8]}" if png else ""
    return _initial(found) | {"logo": picture, "without_logo": picture}
