"""The page for the tenant's AWS admin, opened by a link alone: one source, what to do, and its live state.

Who guesses learns nothing: a forged, revoked or withdrawn link is a plain 404. An expired one says whom to ask,
because only who held it knows its token.
"""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.portal.hand_off_state import hand_off_state
from dashboard.web.kit import KitTabs, kit_file
from dashboard.web.live import page_or_region
from dashboard.web.standing import standing_of, with_former_word
from dashboard.web.watched import keep_asking
from integrations.sources.accepting import may_have_a_bus
from integrations.sources.handoff import link_behind, note_opened
from integrations.sources.kit.contents import kit_of
from integrations.sources.kit.place import place_of
from integrations.sources.kit.symptoms import Moment, symptoms_at
from integrations.sources.models import HandOffLink, Source

LinkView = Callable[..., HttpResponse]


def behind_link(view: LinkView) -> LinkView:
    """Find the link of the token and keep its address out of caches, indexes and other sites' logs."""

    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, token: str, **kwargs: str) -> HttpResponse:
        link = link_behind(token)
        if link is None:
            raise Http404
        if link.expires_at <= timezone.now():
            response = render(request, "portal/hand_off_over.html", {"link": link}, status=404)
        else:
            response = view(request, token, link, **kwargs)
        # `no-referrer` would make the Origin of the page's own forms `null`, which Django refuses.
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return guarded


@behind_link
def hand_off(request: HttpRequest, token: str, link: HandOffLink) -> HttpResponse:
    """Show what to do and the state of the source, which is asked for often while the page is open."""
    now = timezone.now()
    if request.method == "GET":  # mail programs ask with HEAD before anybody has read the mail
        note_opened(link=link, now=now)
        keep_asking(link.source, now)
    source = with_former_word(Source.objects.filter(pk=link.source_id)).get()
    source.environment, source.tenant = link.source.environment, link.source.tenant
    standing = standing_of(source)
    product = source.environment.integration.name
    state = hand_off_state(source, standing, product)
    here = reverse("hand_off", args=[token])
    context = {
        "link": link,
        "source": source,
        "product": product,
        "state": state,
        "here": here,
        "kit": KitTabs(kit_of(place_of(source)), f"{here}/kit/"),
        "symptoms": symptoms_at(Moment.TAKING_UP if may_have_a_bus(source) else Moment.ACCEPTING),
        "next_symptoms": symptoms_at(Moment.RECEIVING),
        "name_head": f"{source.environment.namespace}/",
    }
    facts = (standing, state, source.expires_at, link.expires_at)
    asked = [source.observed_at] if source.observed_at else []
    return page_or_region(request, "portal/hand_off.html", facts, context, asked)


@behind_link
def hand_off_file(request: HttpRequest, token: str, link: HandOffLink, key: str) -> HttpResponse:
    """Send one text of the kit as a file."""
    return kit_file(kit_of(place_of(link.source)), key)
