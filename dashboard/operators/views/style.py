"""The style page: every part of the interface in all its states, for whoever builds or reviews pages."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from dashboard.operators.style_samples import (
    SORTED,
    SampleForm,
    chart_at,
    empty_chart,
    flows_at,
    stages,
)
from dashboard.web import looks
from dashboard.web.doors import staff_page
from dashboard.web.paging import stretched


@require_safe
@staff_page
def style(request: HttpRequest) -> HttpResponse:
    """Show all parts. Only where people build or try Partnerbus: an installation in earnest has no such page."""
    if not (settings.DEBUG or settings.SANDBOX):
        raise Http404
    now = timezone.now()
    asked = SORTED.read(request)
    wrong = SampleForm({"account": "33333333333", "region": "eu-west-1", "policy": "hold"})
    return render(
        request,
        "operators/style.html",
        {
            "sources": [*looks.SOURCE.values()],
            "events": [*looks.EVENT.values()],
            "aws_words": looks.AWS_WORD,
            "flows": flows_at(now),
            "stages": stages(),
            "chart": chart_at(now),
            "no_chart": empty_chart(),
            "list": asked,
            "shown": stretched(asked, range(3), older="more", count_text="about 214 sources"),
            "form": wrong,
            "tabs": TABS,
            "moments": [now - timedelta(seconds=12), now - timedelta(hours=5), now + timedelta(days=4, hours=19)],
            "tones": ("ok", "run", "wait", "bad"),
            "with_chart": True,
        },
    )


NAME = "aws.partner/example.com/cedar/orders"
TABS = (
    {
        "key": "cli",
        "title": "AWS CLI",
        "label": "AWS CLI commands",
        "code": format_html("aws events create-event-bus \\\n  --name <mark>{}</mark>", NAME),
    },
    {
        "key": "cfn",
        "title": "CloudFormation",
        "label": "CloudFormation template",
        "code": format_html(
            "Resources:\n  PartnerBus:\n    Type: AWS::Events::EventBus\n    Properties:\n      Name: <mark>{}</mark>",
            NAME,
        ),
        "note": "Both names are the name of the source.",
    },
)
