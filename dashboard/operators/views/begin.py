"""The guide of the first run: each step lit by facts, with the form or the command that does it."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.operators.beginning import beginning
from dashboard.operators.credentials import wrong_with_credentials
from dashboard.web.doors import CONFIGURE, person_of, staff_action, staff_page
from dashboard.web.live import page_or_region
from integrations.aws.limits import LimitError
from integrations.onboarding.stages import begin_integration
from integrations.problems import Problem
from integrations.registration.integrations import EnvironmentSettings
from tenants.accounts import InvalidTenant, put_tenant
from tenants.audit import Actor

SIMULATED = "111111111111"  # the publisher account that the simulator knows, whose credentials `make run` has


class IntegrationForm(forms.Form):
    """What AWS has registered for the test side; production is added when AWS has enabled it."""

    name = forms.CharField(label="Product", max_length=200, help_text="What your tenants call it.")
    namespace = forms.CharField(
        label="Test namespace",
        max_length=180,
        help_text="As AWS registered it: aws.partner/ and your domain, ending in .test.",
        widget=forms.TextInput(attrs={"class": "mono", "placeholder": "aws.partner/example.com.test"}),
    )
    account = forms.CharField(
        label="Publisher account",
        max_length=12,
        help_text="The 12 digits of the AWS account that sends.",
        widget=forms.TextInput(attrs={"class": "mono", "inputmode": "numeric", "placeholder": "111111111111"}),
    )
    regions = forms.CharField(
        max_length=400,
        initial="eu-west-1",
        help_text="Separated by commas.",
        widget=forms.TextInput(attrs={"class": "mono"}),
    )
    untested = forms.BooleanField(
        label="Register without a test of the credentials", required=False, help_text="When AWS cannot be reached now."
    )

    @property
    def wanted(self) -> EnvironmentSettings:
        """The test environment as it was filled in."""
        given = self.cleaned_data
        return EnvironmentSettings(
            kind="test",
            namespace=given["namespace"].strip(),
            publisher_account=given["account"].strip(),
            regions=[word for word in (part.strip() for part in given["regions"].split(",")) if word],
        )


class TenantForm(forms.Form):
    """The first customer, by the id under which the product knows it."""

    external_id = forms.CharField(
        label="Your id of it", max_length=128, widget=forms.TextInput(attrs={"class": "mono"})
    )
    name = forms.CharField(max_length=200)


@require_http_methods(["GET", "HEAD"])
@staff_page
def begin(request: HttpRequest) -> HttpResponse:
    """Show how far the installation is and what comes next."""
    return _page(request)


@require_POST
@staff_action(CONFIGURE)
def begin_with_integration(request: HttpRequest) -> HttpResponse:
    """Register the integration with its test environment."""
    form = IntegrationForm(request.POST)
    if not form.is_valid():
        return _page(request, integration_form=form)
    wanted = form.wanted
    if refusal := "" if form.cleaned_data["untested"] else wrong_with_credentials(wanted):
        form.add_error(None, refusal)
        return _page(request, integration_form=form)
    try:
        begin_integration(
            slug=slugify(form.cleaned_data["name"])[:60] or "integration",
            name=form.cleaned_data["name"],
            environments=[wanted],
            actor=Actor.person(person_of(request)),
            now=timezone.now(),
        )
    except (LimitError, Problem) as refusal:
        form.add_error(None, str(refusal))
        return _page(request, integration_form=form)
    messages.success(request, "The integration is registered.")
    return redirect("operator_begin")


@require_POST
@staff_action(CONFIGURE)
def begin_with_tenant(request: HttpRequest) -> HttpResponse:
    """Put the first tenant into the oldest environment."""
    form, found = TenantForm(request.POST), beginning()
    if found.environment is None or not form.is_valid():
        return _page(request, tenant_form=form)
    try:
        put_tenant(
            directory=found.environment.directory,
            **form.cleaned_data,
            actor=Actor.person(person_of(request)),
            now=timezone.now(),
        )
    except InvalidTenant as refusal:
        form.add_error(None, str(refusal))
        return _page(request, tenant_form=form)
    messages.success(request, "The tenant is put.")
    return redirect("operator_begin")


def _page(
    request: HttpRequest, integration_form: IntegrationForm | None = None, tenant_form: TenantForm | None = None
) -> HttpResponse:
    found = beginning()
    known = {"account": SIMULATED} if settings.SANDBOX else {}
    context = {
        "beginning": found,
        "integration_form": integration_form or IntegrationForm(initial=known),
        "tenant_form": tenant_form or TenantForm(),
        "public_url": settings.PUBLIC_URL,
        "sandbox": settings.SANDBOX,
    }
    response = page_or_region(request, "operators/guide.html", found.steps, context)
    if any(form is not None and form.errors for form in (integration_form, tenant_form)):
        response.status_code = 422
    return response
