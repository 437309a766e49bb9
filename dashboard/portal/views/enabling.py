"""Switching notifications on: an account, a region, which events; then a look at what will be offered to whom."""

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard.portal.connection import earlier_connections_of
from dashboard.portal.event_types import options_of, types_for
from dashboard.portal.shell import shell
from dashboard.web.doors import tenant_action
from dashboard.web.visitors import visitor_of
from integrations.aws.region_names import region_name
from integrations.kick import kick
from integrations.problems import Problem
from integrations.registration.enabling import check_enabled
from integrations.registration.models import Environment
from integrations.sources.creation import DEFAULT_LABEL, create_source, offer_for
from integrations.sources.selection import selection_of
from integrations.sources.tasks import advance_sources
from tenants.models import Tenant

FIELD_OF = {
    "invalid_account": "account",
    "region_unknown": "region",
    "region_not_allowed": "region",
    "invalid_label": "label",
    "label_taken": "label",
    "event_types_invalid": "types",
}


class EnableForm(forms.Form):
    """Where events shall go, and which; the domain checks the values."""

    account = forms.CharField(
        label=gettext_lazy("AWS account id"),
        max_length=40,
        help_text=gettext_lazy("12 digits. In the AWS console: the menu with your name, at the top right."),
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "off",
                "class": "mono",
                "placeholder": "1234-5678-9012",
                "pattern": r"\s*([0-9][\s\-]*){12}",
                "title": gettext_lazy("12 digits, with or without dashes"),
            }
        ),
    )
    region = forms.ChoiceField(
        label=gettext_lazy("Region"), help_text=gettext_lazy("Where your rules run. You can add others later.")
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("Events"),
        choices=[("all", gettext_lazy("All event types, also new ones")), ("some", gettext_lazy("Only these types"))],
        widget=forms.RadioSelect,
        initial="all",
    )
    types = forms.MultipleChoiceField(
        label=gettext_lazy("Types"), required=False, widget=forms.CheckboxSelectMultiple, choices=[]
    )
    label = forms.CharField(
        label=gettext_lazy("Label"),
        max_length=64,
        initial=DEFAULT_LABEL,
        help_text=gettext_lazy("The last part of the source's name. Letters, digits, dots, dashes and underscores."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "mono"}),
    )

    def __init__(self, environment: Environment, types: list[tuple[str, str]], data: Any = None) -> None:
        super().__init__(data)
        regions = sorted(((region, region_name(region)) for region in environment.regions), key=lambda each: each[1])
        choices: Any = self.fields["region"]
        choices.choices = regions
        selectable: Any = self.fields["types"]
        selectable.choices = options_of(types)

    def clean_account(self) -> str:
        """Return the digits without what people and the AWS console write between them."""
        return re.sub(r"[\s\-\u2010-\u2015]", "", str(self.cleaned_data["account"]))

    def offer(self) -> dict[str, Any]:
        """Return what is asked for, as the domain takes it."""
        given = self.cleaned_data
        chosen = given["types"] if given["scope"] == "some" else None
        return {"account": given["account"], "region": given["region"], "label": given["label"], "event_types": chosen}


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_action
def connect(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Ask for the values, show what they mean, and on the second submit make the offer."""
    if request.method != "POST":
        return enable_page(request, tenant)
    environment = environment_of(tenant)
    form = EnableForm(environment, types_for(tenant), request.POST)
    if not form.is_valid() or "change" in request.POST:
        return enable_page(request, tenant, form)
    try:
        return _offer(request, tenant, form)
    except Problem as problem:
        form.add_error(FIELD_OF.get(problem.code), problem.detail)
        return enable_page(request, tenant, form)


def _offer(request: HttpRequest, tenant: Tenant, form: EnableForm) -> HttpResponse:
    wanted = form.offer()
    check_enabled(environment_of(tenant))
    selection_of(wanted["event_types"], None)
    offer = offer_for(tenant=tenant, account=wanted["account"], region=wanted["region"], label=wanted["label"])
    if request.POST.get("confirmed") != offer.account:
        context = shell(request, tenant, "portal_connection", form=form, offer=offer, types=wanted["event_types"])
        context["place"] = region_name(offer.region)
        return render(request, "portal/confirm_offer.html", context)
    source, _is_new = create_source(tenant=tenant, **wanted, actor=visitor_of(request).actor, now=timezone.now())
    kick(advance_sources)
    messages.success(request, _("AWS is asked to make the offer. This page follows it by itself."))
    return redirect("portal_source", tenant=tenant.public_id, source=source.public_id)


def enable_page(request: HttpRequest, tenant: Tenant, form: EnableForm | None = None) -> HttpResponse:
    """Show the form, or why nobody can connect yet."""
    environment = environment_of(tenant)
    form = form or EnableForm(environment, types_for(tenant))
    context = shell(request, tenant, "portal_connection", form=form, live=_is_live(environment))
    context["earlier"] = earlier_connections_of(tenant, now=timezone.now())
    return render(request, "portal/enable.html", context, status=422 if form.errors else 200)


def _is_live(environment: Environment) -> bool:
    try:
        check_enabled(environment)
    except Problem:
        return False
    return True


def environment_of(tenant: Tenant) -> Environment:
    """Return the environment in which this tenant is."""
    environment: Environment = tenant.directory.environment
    return environment
